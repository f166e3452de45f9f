import { decodeProtectedHeader, errors, jwtVerify } from "jose";
import type { CallerClaims } from "./claims.ts";
import type { TokenKeys } from "./signing-key.ts";

/** Why a token is refused; each service words it in its own way. */
export type TokenFault = "malformed" | "algorithm" | "signature" | "expired" | "not_yet_valid";

export class TokenError extends Error {
  override readonly name = "TokenError";
  readonly fault: TokenFault;
  readonly algorithm: string | undefined;

  constructor(fault: TokenFault, algorithm?: string) {
    super(`token refused: ${fault}`);
    this.fault = fault;
    this.algorithm = algorithm;
  }
}

export type VerifyToken = (token: string) => Promise<CallerClaims>;

const CACHED_TOKENS = 2_000;

function algorithmOf(token: string): string {
  try {
    return decodeProtectedHeader(token).alg ?? "none";
  } catch {
    throw new TokenError("malformed");
  }
}

function faultOf(error: unknown): TokenFault {
  if (error instanceof errors.JWTExpired) return "expired";
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === "nbf") {
    return "not_yet_valid";
  }
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) return "malformed";
  return "signature";
}

async function verifyOnce(token: string, keys: TokenKeys): Promise<CallerClaims> {
  const algorithm = algorithmOf(token);
  if (algorithm !== "ES256") throw new TokenError("algorithm", algorithm);
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys.publicKey, {
      algorithms: ["ES256"],
    });
    if (protectedHeader.kid !== keys.kid) throw new TokenError("signature", algorithm);
    const { role } = payload;
    return { ...payload, role: typeof role === "string" ? role : "anon" };
  } catch (error) {
    if (error instanceof TokenError) throw error;
    throw new TokenError(faultOf(error), algorithm);
  }
}

/**
 * Verifies user tokens against the one signing key. Checked tokens are remembered until they expire,
 * because an ES256 check costs more than forwarding the request does.
 */
export function createTokenVerifier(keys: TokenKeys): VerifyToken {
  const checked = new Map<string, { readonly claims: CallerClaims; readonly exp: number }>();
  return async (token) => {
    const known = checked.get(token);
    if (known && known.exp * 1000 > Date.now()) return known.claims;
    const claims = await verifyOnce(token, keys);
    if (checked.size >= CACHED_TOKENS) checked.clear();
    if (typeof claims.exp === "number") checked.set(token, { claims, exp: claims.exp });
    return claims;
  };
}
