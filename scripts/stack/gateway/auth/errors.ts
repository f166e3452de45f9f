/** An error of Supabase Auth: HTTP status, stable code, and the sentence that clients show. */
export class AuthError extends Error {
  override readonly name = "AuthError";
  readonly status: number;
  readonly code: string;
  /** Why a password is too weak; only with `weak_password`. */
  readonly reasons: readonly string[] | undefined;

  constructor(status: number, code: string, message: string, reasons?: readonly string[]) {
    super(message);
    this.status = status;
    this.code = code;
    this.reasons = reasons;
  }
}

/** A sign-in that the OAuth provider itself ended, by the name that it gave. */
export class ProviderRefusal extends AuthError {
  readonly oauthName: string;

  constructor(oauthName: string, description: string) {
    super(400, "bad_oauth_callback", description);
    this.oauthName = oauthName;
  }
}

/** An error in the form of OAuth 2.0, which the token endpoint uses for malformed requests. */
export class OAuthError extends Error {
  override readonly name = "OAuthError";
  readonly error: string;

  constructor(error: string, description: string) {
    super(description);
    this.error = error;
  }
}

export const badRequest = (code: string, message: string) => new AuthError(400, code, message);
export const validationFailed = (message: string) => badRequest("validation_failed", message);
export const unauthorized = (message: string) => new AuthError(401, "no_authorization", message);
export const forbidden = (code: string, message: string) => new AuthError(403, code, message);
export const notFound = (code: string, message: string) => new AuthError(404, code, message);
export const unprocessable = (code: string, message: string) => new AuthError(422, code, message);
export const tooManyRequests = (code: string, message: string) => new AuthError(429, code, message);

export const emailExists = () =>
  unprocessable("email_exists", "A user with this email address has already been registered");
export const userBanned = () => forbidden("user_banned", "User is banned");
export const otpExpired = (message: string) => forbidden("otp_expired", message);

/** From this version of the API on, errors are `{code, message}` instead of `{code, error_code, msg}`. */
const NAMED_CODES_SINCE = "2024-01-01";
const VERSION_HEADER = "X-Supabase-Api-Version";

export const UNEXPECTED = new AuthError(
  500,
  "unexpected_failure",
  "Unexpected failure, please check server logs for more information",
);

function bodyOf(error: AuthError, named: boolean): Record<string, unknown> {
  const weak = error.reasons ? { weak_password: { reasons: error.reasons } } : {};
  return named
    ? { code: error.code, message: error.message, ...weak }
    : { code: error.status, error_code: error.code, msg: error.message, ...weak };
}

export function authErrorResponse(thrown: unknown, apiVersion: string | undefined): Response {
  if (thrown instanceof OAuthError) {
    return Response.json(
      { error: thrown.error, error_description: thrown.message },
      { status: 400 },
    );
  }
  const error = thrown instanceof AuthError ? thrown : UNEXPECTED;
  const named = apiVersion !== undefined && apiVersion >= NAMED_CODES_SINCE;
  return Response.json(bodyOf(error, named), {
    status: error.status,
    headers: {
      "x-sb-error-code": error.code,
      ...(named ? { [VERSION_HEADER]: NAMED_CODES_SINCE } : {}),
    },
  });
}
