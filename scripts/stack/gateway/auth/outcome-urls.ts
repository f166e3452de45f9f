import { type AuthError, ProviderRefusal } from "./errors.ts";
import type { TokenResponse } from "./sessions.ts";

const OAUTH_NAMES = new Map([
  [400, "invalid_request"],
  [401, "unauthorized_client"],
  [403, "access_denied"],
  [500, "server_error"],
  [503, "temporarily_unavailable"],
]);

export function withFragment(target: string, values: Record<string, string>): string {
  const url = new URL(target);
  const sorted = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  url.hash = new URLSearchParams(sorted).toString();
  return url.toString();
}

export function withQuery(target: string, values: Record<string, string>): string {
  const url = new URL(target);
  for (const [name, value] of Object.entries(values)) url.searchParams.set(name, value);
  return url.toString();
}

/** Errors travel in the fragment; applications of the PKCE flow read the query as well. */
export function errorTarget(target: string, error: AuthError, pkce: boolean): string {
  const name = error instanceof ProviderRefusal ? error.oauthName : OAUTH_NAMES.get(error.status);
  const values = {
    ...(name ? { error: name } : {}),
    error_code: error.code,
    error_description: error.message,
  };
  const url = pkce ? withQuery(target, values) : target;
  return withFragment(url, { ...values, sb: "" });
}

/** The session in the fragment, which no server sees. `type` says which mail led here. */
export function sessionTarget(target: string, session: TokenResponse, type?: string): string {
  const { provider_token: token } = session;
  return withFragment(target, {
    access_token: session.access_token,
    expires_at: String(session.expires_at),
    expires_in: String(session.expires_in),
    refresh_token: session.refresh_token,
    sb: "",
    token_type: session.token_type,
    ...(type === undefined ? {} : { type }),
    ...(token === undefined ? {} : { provider_token: token }),
  });
}
