import { type JWTVerifyGetKey, jwtVerify } from "jose";
import { z } from "zod";

/** Asymmetric ones only: with HS256, whoever knows the client's secret could sign. */
const ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA"];
const CLOCK_TOLERANCE_SECONDS = 30;

/** What a provider says of a person; names are in the form that Supabase Auth keeps. */
const claims = z.object({
  sub: z.string().min(1).max(255),
  email: z.string().optional(),
  email_verified: z.union([z.boolean(), z.enum(["true", "false"])]).optional(),
  name: z.string().optional(),
  picture: z.string().optional(),
  preferred_username: z.string().optional(),
});

export type ProviderClaims = z.output<typeof claims>;

export const parseClaims = (value: unknown): ProviderClaims => claims.parse(value);

export interface ExpectedToken {
  readonly issuer: string;
  readonly clientId: string;
  /** Undefined where the configuration says not to check it. */
  readonly nonce: string | undefined;
}

/**
 * Checks an ID token as OpenID Connect Core 3.1.3.7 wants it: signature, issuer, audience, authorized
 * party, expiry, nonce.
 */
export async function verifyIdToken(
  token: string,
  keys: JWTVerifyGetKey,
  { issuer, clientId, nonce }: ExpectedToken,
): Promise<ProviderClaims> {
  const { payload } = await jwtVerify(token, keys, {
    issuer,
    audience: clientId,
    algorithms: ALGORITHMS,
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ["sub", "exp", "iat"],
  });
  const { aud, azp } = payload;
  if ((Array.isArray(aud) && aud.length > 1) || azp !== undefined) {
    if (azp !== clientId) throw new Error("the ID token was issued to another client");
  }
  if (nonce !== undefined && payload.nonce !== nonce) {
    throw new Error("the nonce of the ID token is not that of the request");
  }
  return parseClaims(payload);
}
