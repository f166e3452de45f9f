import { createHmac, randomUUID } from "node:crypto";
import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from "jose";
import { stackEnv } from "./stack-env.ts";

/** A key that is not the stack's. */
export type ForeignKey = { readonly privateKey: CryptoKey; readonly publicJwk: JWK };

export async function newKey(kid: string = randomUUID()): Promise<ForeignKey> {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  return {
    privateKey,
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" },
  };
}

/** Signs claims as Auth does. */
export function sign(
  { privateKey, publicJwk }: ForeignKey,
  claims: Record<string, unknown>,
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", typ: "JWT", kid: publicJwk.kid ?? "" })
    .sign(privateKey);
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** The three parts of a token. */
function partsOf(token: string): [string, string, string] {
  const [header = "", payload = "", signature = ""] = token.split(".");
  return [header, payload, signature];
}

/** The public key that the stack's tokens are checked with. */
async function publicKey(): Promise<JWK> {
  const response = await fetch(`${stackEnv().supabaseUrl}/auth/v1/.well-known/jwks.json`);
  const { keys }: { keys: JWK[] } = await response.json();
  const [key] = keys;
  if (!key) throw new Error("The stack has no signing key.");
  return key;
}

/**
 * Everything that looks like a token of this user and is none, by what is wrong with it. The header
 * carries the real key id wherever that makes the forgery better.
 */
export async function forgedTokens(genuine: string): Promise<[string, string][]> {
  const [header, payload, signature] = partsOf(genuine);
  const key = await publicKey();
  const kid = key.kid ?? "";
  const claims: Record<string, unknown> = JSON.parse(Buffer.from(payload, "base64url").toString());
  const foreign = await newKey(kid);
  const hs256 = `${encode({ alg: "HS256", typ: "JWT", kid })}.${payload}`;
  const mac = (secret: string) => createHmac("sha256", secret).update(hs256).digest("base64url");
  return [
    ["a key of somebody else under the real key id", await sign(foreign, claims)],
    ["an unknown key id", await sign(await newKey(), claims)],
    ["no signature (alg none)", `${encode({ alg: "none", typ: "JWT", kid })}.${payload}.`],
    ["alg none with the real signature", `${encode({ alg: "none", kid })}.${payload}.${signature}`],
    ["HS256 keyed with the public key", `${hs256}.${mac(JSON.stringify(key))}`],
    ["HS256 keyed with the public key as PEM", `${hs256}.${mac(await pemOf(key))}`],
    ["an edited payload", `${header}.${encode({ ...claims, role: "service_role" })}.${signature}`],
    ["another person's id", `${header}.${encode({ ...claims, sub: randomUUID() })}.${signature}`],
    [
      "a key id that is a path",
      `${encode({ alg: "ES256", kid: "../../dev/null" })}.${payload}.${signature}`,
    ],
    ["a key brought along", await bringingItsKey(claims)],
    ["two parts only", `${header}.${payload}`],
    ["no token at all", "hello"],
  ];
}

async function pemOf(jwk: JWK): Promise<string> {
  const key = await crypto.subtle.importKey(
    "jwk",
    { ...jwk, key_ops: ["verify"] },
    { name: "ECDSA", namedCurve: "P-256" },
    true,
    ["verify"],
  );
  return exportSPKI(key);
}

async function bringingItsKey(claims: Record<string, unknown>): Promise<string> {
  const { privateKey, publicJwk } = await newKey();
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", typ: "JWT", jwk: publicJwk })
    .sign(privateKey);
}
