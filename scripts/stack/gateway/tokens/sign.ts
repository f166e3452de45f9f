import { SignJWT } from "jose";
import type { AccessTokenClaims } from "./claims.ts";
import type { TokenKeys } from "./signing-key.ts";

export async function signAccessToken(claims: AccessTokenClaims, keys: TokenKeys): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: "ES256", kid: keys.kid, typ: "JWT" })
    .sign(keys.privateKey);
}
