import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { verifyIdToken } from "../../../scripts/stack/gateway/auth/oauth/id-token.ts";

const ISSUER = "https://id.example.com";
const EXPECTED = { issuer: ISSUER, clientId: "nff", nonce: "n-1" };
const SHARED = new TextEncoder().encode("a-client-secret-that-is-long-enough-for-hs256");

const { privateKey, publicKey } = await generateKeyPair("RS256");
const stranger = await generateKeyPair("RS256");
const keys = createLocalJWKSet({
  keys: [{ ...(await exportJWK(publicKey)), kid: "k", alg: "RS256", use: "sig" }],
});

interface Changes {
  readonly claims?: Record<string, unknown>;
  readonly issuer?: string;
  readonly audience?: string | string[];
  readonly expires?: string;
  readonly key?: CryptoKey;
}

const tokenOf = ({
  claims,
  issuer = ISSUER,
  audience = "nff",
  expires = "5m",
  key = privateKey,
}: Changes = {}) =>
  new SignJWT({ nonce: "n-1", email: "a@example.com", email_verified: true, ...claims })
    .setProtectedHeader({ alg: "RS256", kid: "k" })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject("person-1")
    .setIssuedAt()
    .setExpirationTime(expires)
    .sign(key);

test("a good ID token says who it is", async () => {
  await expect(verifyIdToken(await tokenOf(), keys, EXPECTED)).resolves.toEqual({
    sub: "person-1",
    email: "a@example.com",
    email_verified: true,
  });
});

describe("an ID token is refused", () => {
  test.each<[string, Changes, RegExp]>([
    ["of another issuer", { issuer: "https://evil.example.com" }, /"iss"/],
    ["for another client", { audience: "other" }, /"aud"/],
    ["for two clients, issued to neither", { audience: ["nff", "other"] }, /another client/],
    [
      "for two clients, issued to the other",
      { audience: ["nff", "other"], claims: { azp: "other" } },
      /another client/,
    ],
    ["of another sign-in", { claims: { nonce: "n-2" } }, /nonce/],
    ["without a nonce", { claims: { nonce: undefined } }, /nonce/],
    ["that has expired", { expires: "-5m" }, /"exp"/],
    ["signed by somebody else under the same key id", { key: stranger.privateKey }, /signature/],
  ])("%s", async (_, changes, reason) => {
    await expect(verifyIdToken(await tokenOf(changes), keys, EXPECTED)).rejects.toThrow(reason);
  });

  test("[AUTH-08] signed with the client's secret, or not at all", async () => {
    const claims = { iss: ISSUER, aud: "nff", sub: "person-1", nonce: "n-1" };
    const shared = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256" })
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(SHARED);
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const now = Math.floor(Date.now() / 1000);
    const none = `${encode({ alg: "none" })}.${encode({ ...claims, iat: now, exp: now + 300 })}.`;
    for (const token of [shared, none]) {
      await expect(verifyIdToken(token, keys, EXPECTED)).rejects.toThrow(/alg/i);
    }
  });
});

test("the nonce is not asked for where the configuration says so", async () => {
  const token = await tokenOf({ claims: { nonce: undefined } });
  const answer = await verifyIdToken(token, keys, { ...EXPECTED, nonce: undefined });
  expect(answer.sub).toBe("person-1");
});
