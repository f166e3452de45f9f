import type { ApiKeyRole } from "../api-keys.ts";
import { API_ROLES } from "../rest/data-api.ts";
import type { CallerClaims } from "../tokens/claims.ts";
import { TokenError, type VerifyToken } from "../tokens/verify.ts";

/** Why a channel is refused, in the words of Realtime: `code: message`, the message alone later on. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }

  /** What the answer to a join says. */
  get reason(): string {
    return `${this.code}: ${this.message}`;
  }
}

/** Who a channel acts as, and until when. */
export interface Identity {
  readonly token: string | null;
  readonly claims: CallerClaims;
  /** Seconds since 1970; null for an API key, which does not expire. */
  readonly expiresAt: number | null;
}

const expired = (expiresAt: number) =>
  new Refusal(
    "InvalidJWTToken",
    `Token has expired ${Math.max(0, Math.floor(Date.now() / 1000) - expiresAt)} seconds ago`,
  );

/** What ends a channel whose token was good until now. */
export const expiryOf = ({ expiresAt }: Identity) => expired(expiresAt ?? 0);

/** The claim of a token whose signature need not hold, because it is refused in any case. */
function expiryIn(token: string): number {
  try {
    const claims: unknown = JSON.parse(
      Buffer.from(token.split(".")[1] ?? "", "base64url").toString(),
    );
    const isObject = typeof claims === "object" && claims !== null;
    return isObject && "exp" in claims && typeof claims.exp === "number" ? claims.exp : 0;
  } catch {
    return 0;
  }
}

function refusalOf({ fault }: TokenError, token: string): Refusal {
  switch (fault) {
    case "expired":
      return expired(expiryIn(token));
    case "malformed":
      return new Refusal("MalformedJWT", "The token provided is not a valid JWT");
    case "algorithm":
    case "signature":
    case "not_yet_valid":
      return new Refusal("JwtSignatureError", "Failed to validate JWT signature");
  }
}

/** An API key comes where a token could; it is not one, and changes nothing. */
export const isApiKey = (token: string) => token.startsWith("sb_");

/**
 * Who a channel acts as: the token's person or, without a token, the role of the API key.
 *
 * @throws Refusal
 */
export async function identityOf(
  token: string | null,
  keyRole: ApiKeyRole,
  verify: VerifyToken,
): Promise<Identity> {
  if (token === null || isApiKey(token)) {
    return { token: null, claims: { role: keyRole }, expiresAt: null };
  }
  const claims = await verify(token).catch((error: unknown) => {
    throw error instanceof TokenError ? refusalOf(error, token) : error;
  });
  const { exp } = claims;
  if (typeof exp !== "number") {
    throw new Refusal("InvalidJWTToken", "Fields `role` and `exp` are required in JWT");
  }
  if (!API_ROLES.has(claims.role)) {
    throw new Refusal("Unauthorized", `The role ${claims.role} may not use channels`);
  }
  return { token, claims, expiresAt: exp };
}
