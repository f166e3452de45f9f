import { createLocalJWKSet, createRemoteJWKSet, errors, type JSONWebKeySet, jwtVerify } from "jose";
import { ApiError } from "../errors.ts";
import { unauthorized } from "./challenge.ts";
import type { UserPrincipal } from "./principal.ts";

/** Symmetric algorithms are out: with them, whoever can check a token can also make one. */
const ALGORITHMS = ["ES256", "RS256"];
/** What jose answers when the key set is late, not a key set, or not there. */
const UNREACHABLE = new Set(["ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID", "ERR_JOSE_GENERIC"]);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** A key that was revoked meanwhile is honoured this much longer, at most. */
const CACHE_MS = 60_000;
const CACHE_ENTRIES = 1_000;

/** Turns an access token into the user it speaks for. */
export type UserTokenVerifier = (token: string) => Promise<UserPrincipal>;

export type UserTokenOptions = {
  readonly issuer: string;
  readonly audience: string;
  /** Fixed keys; when `null`, they are fetched from `jwksUrl` and kept. */
  readonly jwks: JSONWebKeySet | null;
  readonly jwksUrl: URL;
  /** Milliseconds since the epoch; tests bring their own. */
  readonly now?: () => number;
};

/**
 * Checks access tokens of Supabase Auth: signature by JWKS, `iss`, `aud`, `exp`, `nbf`, a user id
 * in `sub` and the role `authenticated`.
 *
 * A client sends the same token many times, and a signature check costs more than the rest of a
 * request's work outside the database, so verified tokens are remembered for up to a minute, and
 * never past their own expiry. Refused tokens are not remembered: they may not push out good ones.
 *
 * @throws ApiError `token_expired`, `invalid_token`, or `service_unavailable` when the keys cannot
 * be fetched
 */
export function createUserTokenVerifier(options: UserTokenOptions): UserTokenVerifier {
  const { issuer, audience, jwks, jwksUrl, now = Date.now } = options;
  const keys = jwks
    ? createLocalJWKSet(jwks)
    : createRemoteJWKSet(jwksUrl, { timeoutDuration: 5_000 });
  const cache = new Map<string, { principal: UserPrincipal; until: number }>();

  return async (token) => {
    const cached = cache.get(token);
    if (cached && cached.until > now()) return cached.principal;
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      requiredClaims: ["sub", "exp"],
      currentDate: new Date(now()),
    }).catch((cause: unknown) => {
      if (cause instanceof errors.JWTExpired) throw unauthorized("token_expired", "Bearer");
      if (jwks === null && isUnreachable(cause))
        throw new ApiError("service_unavailable", { cause });
      throw unauthorized("invalid_token", "Bearer", { cause });
    });
    const { sub = "", exp = 0, role } = payload;
    if (!UUID.test(sub) || role !== "authenticated") throw unauthorized("invalid_token", "Bearer");
    const principal: UserPrincipal = { kind: "user", id: sub, claims: payload, token };
    remember(cache, token, { principal, until: Math.min(exp * 1_000, now() + CACHE_MS) });
    return principal;
  };
}

/** Not being able to fetch the keys says nothing about a token, so it must not end a session. */
function isUnreachable(error: unknown): boolean {
  return !(error instanceof errors.JOSEError) || UNREACHABLE.has(error.code);
}

function remember<Entry>(cache: Map<string, Entry>, token: string, entry: Entry): void {
  cache.delete(token);
  cache.set(token, entry);
  // A Map keeps the order of insertion, so the first key is the oldest.
  const [oldest] = cache.keys();
  if (cache.size > CACHE_ENTRIES && oldest !== undefined) cache.delete(oldest);
}
