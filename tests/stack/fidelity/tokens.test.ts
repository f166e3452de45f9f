import { createHmac, createPublicKey } from "node:crypto";
import {
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  exportSPKI,
  generateKeyPair,
  importJWK,
  jwtVerify,
  SignJWT,
} from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Person, signedIn } from "./lib/accounts.ts";
import { claimsSchema } from "./lib/auth-schemas.ts";
import { type Platform, PUBLISHABLE_KEY, startPlatform } from "./lib/platform.ts";

let platform: Platform;
let person: Person;
beforeAll(async () => {
  platform = await startPlatform();
  await platform.define(`
    create function public.whoami() returns uuid language sql stable as 'select auth.uid()';
    grant execute on function public.whoami() to authenticated;
  `);
  person = await signedIn(platform);
});
afterAll(() => platform.dispose());

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = () => decodeJwt(person.session.access_token);
const privateKey = () => importJWK(platform.signingKey, "ES256");
const sign = async (payload: Record<string, unknown>, header: Record<string, unknown> = {}) =>
  new SignJWT(payload)
    .setProtectedHeader({ alg: "ES256", kid: "test-key", ...header })
    .sign(await privateKey());

describe("access tokens are the platform's", () => {
  test("ES256 with the key id, and every claim that Supabase Auth issues", () => {
    expect(decodeProtectedHeader(person.session.access_token)).toEqual({
      alg: "ES256",
      kid: "test-key",
      typ: "JWT",
    });
    const content = claimsSchema.parse(claims());
    expect(content).toMatchObject({
      iss: `${platform.url}/auth/v1`,
      sub: person.id,
      email: person.email,
      phone: "",
      role: "authenticated",
      aal: "aal1",
      is_anonymous: false,
      app_metadata: { provider: "email", providers: ["email"] },
    });
    expect(content.exp - content.iat).toBe(900);
    expect(content.amr).toEqual([{ method: "password", timestamp: expect.any(Number) }]);
  });

  test("verify with the key set that Auth publishes without a key", async () => {
    const url = new URL(`${platform.url}/auth/v1/.well-known/jwks.json`);
    const { keys } = await (await fetch(url)).json();
    expect(keys).toHaveLength(1);
    expect(keys[0]).toMatchObject({ kty: "EC", crv: "P-256", alg: "ES256", kid: "test-key" });
    expect(keys[0]).not.toHaveProperty("d");
    const { payload } = await jwtVerify(person.session.access_token, createRemoteJWKSet(url), {
      issuer: `${platform.url}/auth/v1`,
      audience: "authenticated",
    });
    expect(payload.sub).toBe(person.id);
  });

  test("getClaims verifies without asking Auth, and the database sees the user", async () => {
    const { data, error } = await person.client.auth.getClaims();
    expect(error).toBeNull();
    expect(data?.claims.sub).toBe(person.id);
    expect((await person.client.rpc("whoami")).data).toBe(person.id);
  });
});

/** Each of these must be refused everywhere a user token is taken. */
const ATTACKS: readonly (readonly [string, () => Promise<string>])[] = [
  [
    "a changed payload under the old signature",
    async () => {
      const [header, , signature] = person.session.access_token.split(".");
      return `${header}.${part({ ...claims(), role: "service_role" })}.${signature}`;
    },
  ],
  [
    "alg none",
    async () => `${part({ alg: "none", typ: "JWT", kid: "test-key" })}.${part(claims())}.`,
  ],
  [
    "alg none with a signature",
    async () => `${part({ alg: "none", kid: "test-key" })}.${part(claims())}.c2ln`,
  ],
  [
    "HS256 with the public key as the secret",
    async () => {
      const jwk = platform.signingKey;
      const key = createPublicKey({
        key: { kty: "EC", crv: "P-256", x: jwk.x ?? "", y: jwk.y ?? "" },
        format: "jwk",
      });
      const content = `${part({ alg: "HS256", kid: "test-key" })}.${part(claims())}`;
      const pem = key.export({ type: "spki", format: "pem" });
      return `${content}.${createHmac("sha256", pem).update(content).digest("base64url")}`;
    },
  ],
  [
    "HS256 with the published key set as the secret",
    async () => {
      const secret = await (await fetch(`${platform.url}/auth/v1/.well-known/jwks.json`)).text();
      return new SignJWT(claims())
        .setProtectedHeader({ alg: "HS256", kid: "test-key" })
        .sign(new TextEncoder().encode(secret));
    },
  ],
  [
    "another key under the right key id",
    async () => {
      const { privateKey: other } = await generateKeyPair("ES256");
      return new SignJWT(claims())
        .setProtectedHeader({ alg: "ES256", kid: "test-key" })
        .sign(other);
    },
  ],
  [
    "another key that the token brings along",
    async () => {
      const { privateKey: other, publicKey } = await generateKeyPair("ES256", {
        extractable: true,
      });
      const pem = (await exportSPKI(publicKey)).replaceAll(/-----[^-]+-----|\n/g, "");
      return new SignJWT(claims())
        .setProtectedHeader({ alg: "ES256", kid: "test-key", x5c: [pem] })
        .sign(other);
    },
  ],
  ["an unknown key id", () => sign(claims(), { kid: "other" })],
  ["no key id", () => sign(claims(), { kid: undefined })],
  ["an expired token", () => sign({ ...claims(), iat: 1, exp: Math.floor(Date.now() / 1000) - 1 })],
  ["a token that is not valid yet", () => sign({ ...claims(), nbf: 9_999_999_999 })],
  [
    "RS256",
    async () => {
      const { privateKey: rsa } = await generateKeyPair("RS256");
      return new SignJWT(claims()).setProtectedHeader({ alg: "RS256", kid: "test-key" }).sign(rsa);
    },
  ],
  ["two parts", async () => person.session.access_token.split(".").slice(0, 2).join(".")],
  ["no token at all", async () => "undefined"],
];

const call = (path: string, token: string, init: RequestInit = {}) =>
  fetch(`${platform.url}${path}`, {
    ...init,
    headers: { apikey: PUBLISHABLE_KEY, authorization: `Bearer ${token}` },
  });

describe("[AUTH-01] [AUTH-02] forged, foreign and stale tokens are refused", () => {
  test.each(ATTACKS)("%s", async (_, make) => {
    const token = await make();
    const rest = await call("/rest/v1/rpc/whoami", token);
    expect(rest.status).toBe(401);
    expect((await rest.json()).code).toMatch(/^PGRST30[13]$/);
    expect(rest.headers.get("www-authenticate")).toContain("invalid_token");
    const auth = await call("/auth/v1/user", token);
    expect(auth.status).toBe(403);
    expect(auth.headers.get("x-sb-error-code")).toBe("bad_jwt");
    const storage = await call("/storage/v1/bucket", token);
    expect(storage.status).toBe(400);
    expect((await storage.json()).code).toBe("InvalidJWT");
  });

  test("the good token still passes, so the refusals are the tokens' fault", async () => {
    const rest = await call("/rest/v1/rpc/whoami", person.session.access_token);
    expect([rest.status, await rest.json()]).toEqual([200, person.id]);
  });

  test("a role that PostgREST can't take on is refused, whoever signed it", async () => {
    for (const role of ["postgres", "supabase_admin", "authenticator"]) {
      const response = await call("/rest/v1/rpc/whoami", await sign({ ...claims(), role }));
      expect(response.status).toBe(403);
      expect((await response.json()).code).toBe("42501");
    }
  });
});
