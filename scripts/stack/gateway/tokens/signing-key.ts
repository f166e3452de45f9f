import { importJWK, type JWK } from "jose";
import type { SigningKey } from "../config.ts";

export interface TokenKeys {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  /** What `/auth/v1/.well-known/jwks.json` answers. */
  readonly jwks: { readonly keys: readonly JWK[] };
}

async function importKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, "ES256");
  if (key instanceof Uint8Array) throw new Error("The signing key must be an asymmetric key.");
  return key;
}

export async function loadTokenKeys(key: SigningKey): Promise<TokenKeys> {
  const { kty, crv, kid, x, y, d } = key;
  const publicJwk = {
    kty,
    crv,
    kid,
    x,
    y,
    alg: "ES256",
    use: "sig",
    key_ops: ["verify"],
    ext: true,
  };
  return {
    kid,
    privateKey: await importKey({ kty, crv, x, y, d }),
    publicKey: await importKey({ kty, crv, x, y }),
    jwks: { keys: [publicJwk] },
  };
}
