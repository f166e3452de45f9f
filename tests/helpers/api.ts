import { expect } from "vitest";
import type { OperationId } from "../../supabase/functions/_shared/generated/contract.ts";
import { operations } from "../../supabase/functions/_shared/generated/operations.ts";
import { recordAnswer, recordForAudit } from "./api-coverage.ts";
import { checkResponse } from "./generated/responses.js";
import { stackEnv } from "./stack-env.ts";

/** Headers that say who calls. */
export type Credential = Readonly<Record<string, string>>;

export const ANONYMOUS: Credential = {};

/** A request to an operation; what is left out is not sent. */
export type ApiRequest = {
  as?: Credential;
  params?: Readonly<Record<string, string>>;
  query?: string;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  raw?: BodyInit;
};

/** An answer, read. */
export type ApiAnswer = {
  readonly status: number;
  readonly headers: Headers;
  /** `body` as text, byte for byte. */
  readonly text: string;
  /** Parsed; `null` for an empty one, the text for one that is not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: the contract has checked it, tests say what they expect of it.
  readonly body: any;
};

/** Something that answers requests: the stack, or a function inside of the test. */
export type Target = (request: Request) => Promise<Response>;

/** The functions of the running stack, through its gateway. */
const stack: Target = (request) => fetch(request);

/** Headers that every answer must have, whatever its status. */
const COMMON_HEADERS: Readonly<Record<string, RegExp>> = {
  "cache-control": /^(no-store|public, max-age=\d+)$/,
  "content-security-policy": /^default-src 'none'; frame-ancestors 'none'$/,
  "referrer-policy": /^no-referrer$/,
  "strict-transport-security": /^max-age=63072000; includeSubDomains$/,
  "x-content-type-options": /^nosniff$/,
  "x-frame-options": /^DENY$/,
  "x-request-id": /^[A-Za-z0-9_-]{1,128}$/,
  vary: /Origin/i,
  traceparent: /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/,
};

/** Headers that tell an attacker something and a client nothing. */
const FORBIDDEN_HEADERS = ["server", "x-powered-by", "x-aspnet-version", "x-runtime"];

/** The URL of an operation on the stack. */
export function urlOf(id: OperationId, { params = {}, query = "" }: ApiRequest = {}): string {
  const { group, path } = operations[id];
  const folder = group.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const filled = path.replace(/:([a-z_]+)/g, (_, name: string) => params[name] ?? `:${name}`);
  return `${stackEnv().supabaseUrl}/functions/v1/${folder}${filled}${query}`;
}

function toRequest(id: OperationId, request: ApiRequest): Request {
  const { as = ANONYMOUS, headers = {}, body, raw } = request;
  const { method, requestMediaTypes } = operations[id];
  const [mediaType] = requestMediaTypes;
  const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  return new Request(urlOf(id, request), {
    method,
    headers: {
      ...(content !== undefined && mediaType && { "content-type": mediaType }),
      ...as,
      ...headers,
    },
    ...(content !== undefined && { body: content, duplex: "half" }),
  });
}

/** Reads an answer without judging it. */
export async function readAnswer(response: Response): Promise<ApiAnswer> {
  const text = await response.text();
  const isJson = /[/+]json/.test(response.headers.get("content-type") ?? "");
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: text === "" ? null : isJson ? JSON.parse(text) : text,
  };
}

/** Expects what all answers have in common, success or error. */
export function expectCommon(answer: ApiAnswer): void {
  for (const [name, pattern] of Object.entries(COMMON_HEADERS)) {
    expect(answer.headers.get(name), `${name} of a ${answer.status}`).toMatch(pattern);
  }
  for (const name of FORBIDDEN_HEADERS) expect(answer.headers.get(name), name).toBeNull();
  if (answer.status < 400) return;
  expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.body).toMatchObject({
    status: answer.status,
    request_id: answer.headers.get("x-request-id"),
    instance: expect.stringMatching(/^\/functions\/v1\//),
  });
  expect(answer.text).not.toMatch(/postgres|private\.|\bselect\b|\.ts:\d|node_modules/i);
}

/** Calls an operation and holds the answer to the contract. */
export async function call(
  id: OperationId,
  request: ApiRequest = {},
  target: Target = stack,
): Promise<ApiAnswer> {
  const answer = await readAnswer(await target(toRequest(id, request)));
  expectCommon(answer);
  expect(checkResponse(id, answer), `${id} ${answer.status} ${answer.text}`).toEqual([]);
  recordAnswer(id, answer.status);
  // An id that the test has chosen may stand for several requests.
  if (target === stack && request.headers?.["x-request-id"] === undefined) {
    recordForAudit({
      operation: id,
      status: answer.status,
      requestId: answer.headers.get("x-request-id") ?? "",
      isReplay: answer.headers.get("idempotent-replayed") === "true",
    });
  }
  return answer;
}

/** Calls an operation and expects this problem. */
export async function expectProblem(
  id: OperationId,
  status: number,
  code: string,
  request: ApiRequest = {},
  target: Target = stack,
): Promise<ApiAnswer> {
  const answer = await call(id, request, target);
  expect({ status: answer.status, code: answer.body?.code }, answer.text).toEqual({ status, code });
  return answer;
}
