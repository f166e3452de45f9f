import type { KeyRefusal } from "../api-keys.ts";
import type { TokenError } from "../tokens/verify.ts";

interface DataApiError {
  readonly code: string;
  readonly message: string;
  readonly details: string | null;
  readonly hint: string | null;
}

export function refuseKey({ code, body }: KeyRefusal): Response {
  return Response.json(body, { status: 401, headers: { "sb-error-code": code } });
}

function answer(status: number, error: DataApiError, challenge?: string): Response {
  const headers = challenge ? { "WWW-Authenticate": challenge } : undefined;
  return Response.json(error, { status, ...(headers ? { headers } : {}) });
}

function errorOf({ fault }: TokenError): DataApiError {
  switch (fault) {
    case "expired":
      return { code: "PGRST303", message: "JWT expired", details: null, hint: null };
    case "not_yet_valid":
      return { code: "PGRST303", message: "JWT not yet valid", details: null, hint: null };
    case "malformed":
      return { code: "PGRST301", message: "JWT is malformed", details: null, hint: null };
    case "algorithm":
    case "signature":
      return {
        code: "PGRST301",
        message: "No suitable key or wrong key type",
        details: "None of the keys was able to decode the JWT",
        hint: null,
      };
  }
}

/** PostgREST's answer to a token that it can't accept. */
export function refuseToken(token: TokenError): Response {
  const error = errorOf(token);
  const challenge = `Bearer error="invalid_token", error_description="${error.message}"`;
  return answer(401, error, challenge);
}

/** PostgREST connects as `authenticator` and can only take on the roles granted to it. */
export function refuseRole(role: string): Response {
  const message = `permission denied to set role "${role}"`;
  return answer(403, { code: "42501", message, details: null, hint: null });
}
