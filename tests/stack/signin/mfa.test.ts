import { decodeJwt } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { type Account, createAccount, signIn } from "../../helpers/api-accounts.ts";
import { codeOf, type EnrolledFactor, enrol, prove } from "../../helpers/second-factor.ts";

/** The code of five minutes ago: well formed, and surely not accepted any more. */
const WRONG = -10;

const levelsOf = async ({ client }: Account) => {
  const { data } = await client.auth.mfa.getAuthenticatorAssuranceLevel();
  return [data?.currentLevel, data?.nextLevel];
};

describe("enrolling a second factor", () => {
  test("gives a secret, its address and a QR code; it does not count before its first code", async () => {
    const account = await createAccount();
    const { data } = await account.client.auth.mfa.enroll({
      factorType: "totp",
      friendlyName: "phone",
      issuer: "Bank",
    });
    if (data?.type !== "totp") throw new Error("no factor");
    expect(data.totp.secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(data.totp.uri).toMatch(/^otpauth:\/\/totp\/Bank:.+secret=[A-Z2-7]{32}/);
    expect(data.totp.qr_code).toMatch(/^data:image\/svg\+xml;utf-8,<svg.*<\/svg>\s*$/s);
    const listed = (await account.client.auth.mfa.listFactors()).data;
    expect(listed?.totp).toEqual([]);
    expect(listed?.all).toMatchObject([{ id: data.id, status: "unverified", factor_type: "totp" }]);
    expect(await levelsOf(account)).toEqual(["aal1", "aal1"]);
  });

  test("the first code verifies it, lifts this session and ends the others", async () => {
    const account = await createAccount();
    const other = await signIn(account.email);
    const factor = await enrol(account.client);
    const session = await prove(account.client, factor);
    const claims = decodeJwt(session.access_token);
    expect(claims).toMatchObject({
      aal: "aal2",
      amr: [{ method: "totp" }, { method: "password" }],
    });
    expect(await levelsOf(account)).toEqual(["aal2", "aal2"]);
    expect((await account.client.auth.mfa.listFactors()).data?.totp).toMatchObject([
      { id: factor.id, status: "verified", friendly_name: "phone" },
    ]);
    expect((await other.client.auth.getUser()).error?.name).toBe("AuthSessionMissingError");
    const refreshed = await account.client.auth.refreshSession();
    expect(decodeJwt(refreshed.data.session?.access_token ?? "")).toMatchObject({ aal: "aal2" });
  });

  test("two factors of one name, and types that are off: 422, none is added", async () => {
    const { client } = await createAccount();
    await enrol(client, "phone");
    const again = await client.auth.mfa.enroll({ factorType: "totp", friendlyName: "phone" });
    expect(again.error).toMatchObject({ status: 422, code: "mfa_factor_name_conflict" });
    const phone = await client.auth.mfa.enroll({ factorType: "phone", phone: "+15555550100" });
    expect(phone.error).toMatchObject({ status: 422, code: "mfa_phone_enroll_not_enabled" });
    expect((await client.auth.mfa.listFactors()).data?.all).toHaveLength(1);
  });
});

describe("an account with a second factor", () => {
  let account: Account;
  let factor: EnrolledFactor;
  beforeAll(async () => {
    account = await createAccount();
    factor = await enrol(account.client);
    await prove(account.client, factor);
  });

  test("signs in with one factor first, and is told that a second one is wanted", async () => {
    const again = await signIn(account.email);
    expect(decodeJwt(again.token)).toMatchObject({ aal: "aal1", amr: [{ method: "password" }] });
    expect(await levelsOf(again)).toEqual(["aal1", "aal2"]);
  });

  test("with one factor alone it can neither add nor remove one, nor change the password", async () => {
    const { client } = await signIn(account.email);
    const added = await client.auth.mfa.enroll({ factorType: "totp", friendlyName: "mine" });
    expect(added.error).toMatchObject({ status: 403, code: "insufficient_aal" });
    const removed = await client.auth.mfa.unenroll({ factorId: factor.id });
    expect(removed.error).toMatchObject({ status: 422, code: "insufficient_aal" });
    const changed = await client.auth.updateUser({ password: "Another-Horse-Battery-1!" });
    expect(changed.error).toMatchObject({ status: 401, code: "insufficient_aal" });
    const listed = (await client.auth.mfa.listFactors()).data;
    expect(listed?.all).toMatchObject([{ id: factor.id, status: "verified" }]);
  });

  test("a wrong code, and a code of nobody's challenge: refused, the session stays aal1", async () => {
    const again = await signIn(account.email);
    const { mfa } = again.client.auth;
    const challenge = (await mfa.challenge({ factorId: factor.id })).data;
    const answer = { factorId: factor.id, challengeId: challenge?.id ?? "" };
    const wrong = await mfa.verify({ ...answer, code: codeOf(factor.secret, WRONG) });
    expect(wrong.error).toMatchObject({ status: 422, code: "mfa_verification_failed" });
    const unknown = await mfa.verify({
      ...answer,
      challengeId: crypto.randomUUID(),
      code: codeOf(factor.secret, 1),
    });
    expect(unknown.error).toMatchObject({ status: 404, code: "mfa_factor_not_found" });
    expect(await levelsOf(again)).toEqual(["aal1", "aal2"]);
  });

  test("somebody else's factor is not found", async () => {
    const stranger = await createAccount();
    const { mfa } = stranger.client.auth;
    expect((await mfa.challenge({ factorId: factor.id })).error).toMatchObject({
      status: 404,
      code: "mfa_factor_not_found",
    });
    expect((await mfa.unenroll({ factorId: factor.id })).error).toMatchObject({ status: 404 });
    expect((await account.client.auth.mfa.listFactors()).data?.totp).toHaveLength(1);
  });
});

test("[AUTH-07] a challenge works once", async () => {
  const { client } = await createAccount();
  const factor = await enrol(client);
  const challengeId = (await client.auth.mfa.challenge({ factorId: factor.id })).data?.id ?? "";
  const answer = { factorId: factor.id, challengeId };
  const first = await client.auth.mfa.verify({ ...answer, code: codeOf(factor.secret) });
  expect(first.error).toBeNull();
  const second = await client.auth.mfa.verify({ ...answer, code: codeOf(factor.secret, 1) });
  expect(second.error).toMatchObject({ status: 422 });
});

test("removing the factor takes the second level from the session at its next refresh", async () => {
  const account = await createAccount();
  const factor = await enrol(account.client);
  await prove(account.client, factor);
  const { data } = await account.client.auth.mfa.unenroll({ factorId: factor.id });
  expect(data).toEqual({ id: factor.id });
  const { session } = (await account.client.auth.refreshSession()).data;
  expect(decodeJwt(session?.access_token ?? "")).toMatchObject({ aal: "aal1" });
  expect(await levelsOf(account)).toEqual(["aal1", "aal1"]);
  expect((await account.client.auth.mfa.listFactors()).data?.all).toEqual([]);
});
