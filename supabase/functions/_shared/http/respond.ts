import { ApiError } from "../errors.ts";
import { describeError } from "../log/logger.ts";
import { toProblem } from "./problem.ts";
import type { RequestScope } from "./scope.ts";

/** An answer before it has the headers that all answers have. */
export type Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body, or where it comes from; `null` for none. */
  readonly body: string | ReadableStream<Uint8Array> | null;
};

/** Builds a response; the only place that does. */
export function respond(scope: RequestScope, { status, headers, body }: Answer): Response {
  return new Response(body, { status, headers: { ...scope.headers, ...headers } });
}

/** Answers an error with its problem document, and logs what the caller is not told. */
export function respondWithProblem(scope: RequestScope, error: unknown): Response {
  const problem = toProblem(error, scope);
  scope.outcome.code = error instanceof ApiError ? error.code : "internal_error";
  if (problem.status >= 500 && problem.status !== 501) {
    const cause = error instanceof ApiError ? error.options.cause : error;
    scope.log.error("request failed", { ...scope.outcome, error: describeError(cause) });
  }
  return respond(scope, problem);
}
