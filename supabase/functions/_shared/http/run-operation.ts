import { databaseCaller, type Principal } from "../auth/principal.ts";
import type { CoreDeps } from "../core-deps.ts";
import { type IdempotentRequest, once, requestFingerprint } from "../db/idempotency.ts";
import type { Transaction } from "../db/transaction.ts";
import { ApiError } from "../errors.ts";
import { type ErasedOperation, type ErasedResult, JsonText } from "./operation.ts";
import type { Input } from "./read-input.ts";
import type { Answer } from "./respond.ts";
import type { RequestScope } from "./scope.ts";

/** A request that has been authenticated, authorized and validated. */
export type Call<Deps> = {
  readonly operation: ErasedOperation<Deps>;
  readonly principal: Principal;
  readonly input: Input;
  readonly request: Request;
  readonly scope: RequestScope;
  readonly deps: Deps;
  /** The media type of a success. */
  readonly mediaType: string;
};

/**
 * Runs an operation and turns its result into an answer. The usual operation is one transaction: of
 * its work, and of its idempotency key with the stored answer where it takes one.
 */
export async function runOperation<Deps extends CoreDeps>(call: Call<Deps>): Promise<Answer> {
  const { operation, principal, input, scope, deps, request, mediaType } = call;
  if ("isImplemented" in operation) throw new ApiError("not_implemented");
  const transaction = deps.transactionsFor(scope.requestId);
  const caller = databaseCaller(principal);
  const { method, headers } = request;
  const common = { ...input, principal, deps, method, headers, log: scope.log };
  const idempotent = await idempotentRequest(call);

  if ("isUnbound" in operation) {
    const result = await operation.run({
      ...common,
      transaction,
      once: (work) => transaction(caller, (tx) => onceValue(tx, idempotent, work)),
    });
    return toAnswer(result, mediaType);
  }

  const { answer, tasks } = await transaction(caller, async (tx) => {
    // New for each try: a transaction that is run again must not do its tasks twice.
    const tasks: (() => void)[] = [];
    const afterCommit = (task: () => void) => void tasks.push(task);
    const work = async () => toAnswer(await operation({ ...common, tx, afterCommit }), mediaType);
    return { answer: idempotent ? await onceAnswer(tx, idempotent, work) : await work(), tasks };
  });
  for (const task of tasks) task();
  return answer;
}

async function idempotentRequest<Deps>({
  input,
  request,
}: Call<Deps>): Promise<IdempotentRequest | null> {
  const { idempotencyKey: key, body } = input;
  if (key === null) return null;
  const { pathname, search } = new URL(request.url);
  return { key, fingerprint: await requestFingerprint(request.method, pathname + search, body) };
}

async function onceAnswer(
  tx: Transaction,
  request: IdempotentRequest,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const { isReplay, ...answer } = await once(tx, request, async () => {
    const { status, headers = {}, body } = await work();
    if (body instanceof ReadableStream) throw new Error("A stream cannot be kept for a replay.");
    return { status, headers, body };
  });
  return isReplay ? { ...answer, headers: { ...answer.headers, ...REPLAYED } } : answer;
}

async function onceValue<Value>(
  tx: Transaction,
  request: IdempotentRequest | null,
  work: (tx: Transaction) => Promise<Value>,
) {
  if (request === null) throw new Error("This operation takes no Idempotency-Key.");
  const { body, isReplay } = await once(tx, request, async () => ({
    status: 200,
    headers: {},
    body: JSON.stringify(await work(tx)),
  }));
  const value: Value = JSON.parse(body ?? "null");
  return { value, headers: isReplay ? REPLAYED : {} };
}

const REPLAYED = { "idempotent-replayed": "true" };

function toAnswer({ status, headers, body }: ErasedResult, mediaType: string): Answer {
  if (body === null) return { status, body, ...(headers && { headers }) };
  return { status, headers: { "content-type": mediaType, ...headers }, body: toBody(body) };
}

/** Besides JSON the contract has text, which an operation returns as a string or as a stream. */
function toBody(body: unknown): string | ReadableStream<Uint8Array> {
  if (body instanceof ReadableStream) return body;
  if (body instanceof JsonText) return body.text;
  return typeof body === "string" ? body : JSON.stringify(body);
}
