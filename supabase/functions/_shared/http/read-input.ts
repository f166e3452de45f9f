import { normaliseText } from "../domain/text.ts";
import type { FieldError } from "../errors.ts";
import type { OperationMetadata } from "../generated/operations.ts";
import { parseJson, readBytes } from "./body.ts";
import { type Precondition, parseIfMatch } from "./etag.ts";
import { parseIdempotencyKey } from "./idempotency-key.ts";
import { requireContentType } from "./media-type.ts";
import { type AnyValidators, findFaults, refuseFaults } from "./validate.ts";

/** A request that fits the contract. */
export type Input = {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly rawBody: Uint8Array<ArrayBuffer>;
  readonly ifMatch: Precondition | null;
  readonly idempotencyKey: string | null;
};

const NO_BODY = new Uint8Array();

/**
 * Reads what an operation takes and checks all of it against the contract: size and type of the
 * body before it is parsed, then the headers that control the request, then path, query and body
 * together, so that the caller learns of every fault at once.
 *
 * A body that an operation does not take is not looked at.
 *
 * @throws ApiError 400, 413, 415 or 428
 */
export async function readInput(
  request: Request,
  params: Readonly<Record<string, string>>,
  definition: OperationMetadata,
  validators: AnyValidators,
): Promise<Input> {
  const rawBody = await readBody(request, definition);
  const { headers } = request;
  const idempotencyKey =
    definition.idempotencyKey === "required"
      ? parseIdempotencyKey(headers.get("idempotency-key"))
      : null;
  const ifMatch = definition.ifMatch ? parseIfMatch(headers.get("if-match")) : null;
  const query = normaliseText(queryOf(new URL(request.url).searchParams));
  const body = hasJsonBody(definition, rawBody) ? parseJson(rawBody) : undefined;
  refuseFaults([
    ...findFaults(validators.params, params, "path"),
    ...query.faults.map(inQuery),
    ...findFaults(validators.query, query.value, "query"),
    ...(body === undefined || validators.body === null
      ? []
      : findFaults(validators.body, body, "body")),
  ]);
  return { params, query: query.value, body, rawBody, ifMatch, idempotencyKey };
}

async function readBody(
  request: Request,
  definition: OperationMetadata,
): Promise<Uint8Array<ArrayBuffer>> {
  if (definition.requestMediaTypes.length === 0) return NO_BODY;
  const isAbsent = request.body === null || request.headers.get("content-length") === "0";
  if (isAbsent && !definition.bodyRequired) return NO_BODY;
  requireContentType(request.headers.get("content-type"), definition.requestMediaTypes);
  return readBytes(request, definition.maxBodyBytes);
}

/** A signed body is for its verifier first; parsing it before would trust it too early. */
function hasJsonBody(definition: OperationMetadata, rawBody: Uint8Array): boolean {
  if (definition.auth === "signature" || definition.requestMediaTypes.length === 0) return false;
  return definition.bodyRequired || rawBody.byteLength > 0;
}

/** A name given once is a string, given more often a list; the contract says which it may be. */
function queryOf(search: URLSearchParams): Record<string, string | string[]> {
  return Object.fromEntries(
    [...new Set(search.keys())].map((name) => {
      const [first = "", ...others] = search.getAll(name);
      return [name, others.length === 0 ? first : [first, ...others]];
    }),
  );
}

function inQuery({ pointer, code, detail }: FieldError): FieldError {
  return { pointer: pointer.replace(/^#/, "query"), code, detail };
}
