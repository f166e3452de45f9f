import { challenge } from "../auth/challenge.ts";
import { ApiError, ERRORS, type FieldError } from "../errors.ts";

/** What a problem says about the request it answers. */
export type Occurrence = {
  /** The percent-encoded path of the request, a URI reference. */
  readonly instance: string;
  readonly requestId: string;
};

/** An error as it goes out: status, headers and the text of an `application/problem+json` body. */
export type Problem = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** What the contract lets `errors` hold: names in a request may be as long as its body. */
const MOST_FAULTS = 100;
const LONGEST_TEXT = 500;

function bounded({ pointer, code, detail }: FieldError): FieldError {
  return { pointer: pointer.slice(0, LONGEST_TEXT), code, detail: detail.slice(0, LONGEST_TEXT) };
}

/** Seconds; long enough to spread the callers who all failed at the same moment. */
const RETRY_AFTER = "2";

/**
 * Turns anything that was thrown into a problem document (RFC 9457). Only an {@link ApiError} may
 * speak to the caller; everything else is a 500 that says nothing about the inside.
 *
 * @example toProblem(new ApiError("not_found"), { instance: "/functions/v1/kyc", requestId: "req_1" });
 */
export function toProblem(error: unknown, { instance, requestId }: Occurrence): Problem {
  const { code, options } = error instanceof ApiError ? error : new ApiError("internal_error");
  const { status, title } = ERRORS[code];
  const retryable = status === 503 || status === 429;
  return {
    status,
    headers: {
      "content-type": "application/problem+json",
      "content-language": "en",
      // A failure is never worth keeping, also where the success would be.
      "cache-control": "no-store",
      ...(retryable && { "retry-after": RETRY_AFTER }),
      // Every 401 needs a challenge; those that the database finds have to do with the token.
      ...(status === 401 && challenge(code, "Bearer")),
      ...options.headers,
    },
    body: JSON.stringify({
      type: `urn:nff:problem:${code}`,
      title,
      status,
      detail: options.detail ?? title,
      instance,
      code,
      request_id: requestId,
      ...options.extensions,
      ...(options.errors && { errors: options.errors.slice(0, MOST_FAULTS).map(bounded) }),
    }),
  };
}
