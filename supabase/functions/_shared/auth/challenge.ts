import { ApiError, type ApiErrorOptions, type ErrorCode } from "../errors.ts";

/** Names the protected space in `WWW-Authenticate` (RFC 9110, 11.5). */
const REALM = 'realm="nff-supabase"';

/** How an operation wants its caller to prove who it is. */
export type Scheme = "Bearer" | "ApiKey" | "Signature";

/**
 * The challenge that every 401 must carry (RFC 9110, 15.5.2). Only a credential that was sent and
 * refused is called invalid; where none was sent, the challenge says no more than what is wanted
 * (RFC 6750, 3.1).
 */
export function challenge(code: ErrorCode, scheme: Scheme): Readonly<Record<string, string>> {
  const error = scheme === "Bearer" && code !== "unauthenticated" ? ', error="invalid_token"' : "";
  return { "www-authenticate": `${scheme} ${REALM}${error}` };
}

/**
 * A 401 with its challenge.
 *
 * @example throw unauthorized("token_expired", "Bearer");
 */
export function unauthorized(
  code: ErrorCode,
  scheme: Scheme,
  options: Pick<ApiErrorOptions, "detail" | "cause"> = {},
): ApiError {
  return new ApiError(code, { ...options, headers: challenge(code, scheme) });
}
