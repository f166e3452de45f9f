import { exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from "jose";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createUserTokenVerifier } from "../../../supabase/functions/_shared/auth/verify-user-token.ts";

const ISSUER = "https://auth.example.com/auth/v1";
const JWKS_URL = new URL(`${ISSUER}/.well-known/jwks.json`);
const USER = "6a33e140-6074-467e-8220-6917b8006a6e";
const NOW = 1_790_000_000;

const CLAIMS = {
  iss: ISSUER,
  aud: "authenticated",
  sub: USER,
  role: "authenticated",
  iat: NOW,
  exp: NOW + 3_600,
  session_id: "0d5e8c3a-1f6f-4a5e-9b5e-2f3f8a1c7b6d",
};

let key: CryptoKey;
let jwks: JSONWebKeySet;

beforeAll(async () => {
  const pair = await generateKeyPair("ES256", { extractable: true });
  key = pair.privateKey;
  jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "ES256", use: "sig" }] };
});

const sign = (claims: Record<string, unknown>, header: Record<string, unknown> = {}) =>
  new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: "k1", ...header }).sign(key);

function verifier({ now = () => NOW * 1_000, fixed = true } = {}) {
  return createUserTokenVerifier({
    issuer: ISSUER,
    audience: "authenticated",
    jwks: fixed ? jwks : null,
    jwksUrl: JWKS_URL,
    now,
  });
}

test("a genuine token is the user it was made for, with its claims", async () => {
  const token = await sign(CLAIMS);
  expect(await verifier()(token)).toEqual({ kind: "user", id: USER, claims: CLAIMS, token });
});

const without = (name: keyof typeof CLAIMS) => {
  const { [name]: _, ...rest } = CLAIMS;
  return rest;
};

test.each<[string, () => Record<string, unknown>, string]>([
  ["expired", () => ({ ...CLAIMS, exp: NOW - 1 }), "token_expired"],
  ["expired this second", () => ({ ...CLAIMS, exp: NOW }), "token_expired"],
  ["not valid yet", () => ({ ...CLAIMS, nbf: NOW + 60 }), "invalid_token"],
  [
    "of another issuer",
    () => ({ ...CLAIMS, iss: "https://evil.example/auth/v1" }),
    "invalid_token",
  ],
  ["of the issuer with more behind it", () => ({ ...CLAIMS, iss: `${ISSUER}/` }), "invalid_token"],
  ["for another audience", () => ({ ...CLAIMS, aud: "anon" }), "invalid_token"],
  ["for nobody in particular", () => without("aud"), "invalid_token"],
  ["without an issuer", () => without("iss"), "invalid_token"],
  ["without an end", () => without("exp"), "invalid_token"],
  ["without a user", () => without("sub"), "invalid_token"],
  ["for something that is no user id", () => ({ ...CLAIMS, sub: "admin" }), "invalid_token"],
  ["for a service", () => ({ ...CLAIMS, role: "service_role" }), "invalid_token"],
  ["without a role", () => without("role"), "invalid_token"],
])("a token %s is refused", async (_what, claims, code) => {
  await expect(verifier()(await sign(claims()))).rejects.toMatchObject({
    code,
    options: { headers: { "www-authenticate": expect.stringContaining('error="invalid_token"') } },
  });
});

test("only the asymmetric algorithms count", async () => {
  const secret = new TextEncoder().encode("x".repeat(32));
  const symmetric = await new SignJWT(CLAIMS)
    .setProtectedHeader({ alg: "HS256", kid: "k1" })
    .sign(secret);
  await expect(verifier()(symmetric)).rejects.toMatchObject({ code: "invalid_token" });
  const { privateKey } = await generateKeyPair("ES384");
  const other = await new SignJWT(CLAIMS)
    .setProtectedHeader({ alg: "ES384", kid: "k1" })
    .sign(privateKey);
  await expect(verifier()(other)).rejects.toMatchObject({ code: "invalid_token" });
});

describe("remembered tokens", () => {
  test("are good until they expire, not longer", async () => {
    let now = NOW * 1_000;
    const verify = verifier({ now: () => now });
    const token = await sign({ ...CLAIMS, exp: NOW + 30 });
    const first = await verify(token);
    now += 29_000;
    expect(await verify(token)).toBe(first);
    now += 1_000;
    await expect(verify(token)).rejects.toMatchObject({ code: "token_expired" });
  });

  test("are checked again after a minute", async () => {
    let now = NOW * 1_000;
    const verify = verifier({ now: () => now });
    const token = await sign(CLAIMS);
    const first = await verify(token);
    now += 61_000;
    const again = await verify(token);
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
  });

  test("do not let a changed token in", async () => {
    const verify = verifier();
    const token = await sign(CLAIMS);
    await verify(token);
    const last = token.at(-1) === "A" ? "B" : "A";
    await expect(verify(`${token.slice(0, -2)}${last}${last}`)).rejects.toMatchObject({
      code: "invalid_token",
    });
  });
});

describe("fetched keys", () => {
  const server = setupServer();
  beforeAll(() => server.listen({ onUnhandledFrame: "error" }));
  afterEach(() => server.resetHandlers());
  afterAll(() => server.close());

  test("are fetched once for many tokens", async () => {
    let fetches = 0;
    server.use(
      http.get(JWKS_URL.href, () => {
        fetches += 1;
        return HttpResponse.json(jwks);
      }),
    );
    const verify = verifier({ fixed: false });
    const tokens = await Promise.all([1, 2, 3].map((n) => sign({ ...CLAIMS, n })));
    await Promise.all(tokens.map(verify));
    expect(fetches).toBe(1);
  });

  test.each<[string, () => HttpResponse<never> | HttpResponse<string>]>([
    ["cannot be reached", () => HttpResponse.error()],
    ["fail", () => new HttpResponse("", { status: 503 })],
    ["are no keys", () => new HttpResponse("<html>")],
  ])("that %s end no session: 503", async (_what, answer) => {
    server.use(http.get(JWKS_URL.href, answer));
    await expect(verifier({ fixed: false })(await sign(CLAIMS))).rejects.toMatchObject({
      code: "service_unavailable",
    });
  });

  test("without the token's key make it invalid", async () => {
    server.use(http.get(JWKS_URL.href, () => HttpResponse.json({ keys: [] })));
    await expect(verifier({ fixed: false })(await sign(CLAIMS))).rejects.toMatchObject({
      code: "invalid_token",
    });
  });
});
