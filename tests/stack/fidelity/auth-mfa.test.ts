import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeOf, enrol, prove } from "../../helpers/second-factor.ts";
import { signedIn } from "./lib/accounts.ts";
import { errorSchema, tokenResponseSchema } from "./lib/auth-schemas.ts";
import { type Platform, startPlatform } from "./lib/platform.ts";
import { callAdmin, callAuth, parsed } from "./lib/raw-auth.ts";

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform({
    auth: { mfa: { totp: { enroll_enabled: true, verify_enabled: true } } },
  });
});
afterAll(() => platform?.dispose());

test("the answers have the members of Supabase Auth", async () => {
  const { session } = await signedIn(platform);
  const bearer = session.access_token;
  const enrolled = await callAuth(platform, "/factors", {
    bearer,
    body: { factor_type: "totp", friendly_name: "phone" },
  });
  const factor = await enrolled.json();
  expect(factor).toEqual({
    id: expect.any(String),
    type: "totp",
    friendly_name: "phone",
    totp: {
      qr_code: expect.stringMatching(/^<svg/),
      secret: expect.any(String),
      uri: expect.stringContaining(factor.totp.secret),
    },
  });
  const challenged = await callAuth(platform, `/factors/${factor.id}/challenge`, {
    bearer,
    body: {},
  });
  const challenge = await challenged.json();
  expect(challenge).toEqual({
    id: expect.any(String),
    type: "totp",
    expires_at: expect.any(Number),
  });
  const answer = { challenge_id: challenge.id, code: codeOf(factor.totp.secret) };
  const verified = await callAuth(platform, `/factors/${factor.id}/verify`, {
    bearer,
    body: answer,
  });
  const raised = await parsed(verified, tokenResponseSchema);
  expect(raised.user.factors).toMatchObject([{ id: factor.id, status: "verified" }]);
  const stored =
    await platform.sql`select aal, factor_id from auth.sessions where factor_id = ${factor.id}`;
  expect(stored).toEqual([{ aal: "aal2", factor_id: factor.id }]);
});

describe("a code counts once", () => {
  test("[AUTH-07] the same code for a new challenge: 422, even within its half minute", async () => {
    const { client } = await signedIn(platform);
    const factor = await enrol(client);
    const code = codeOf(factor.secret);
    const first = await client.auth.mfa.challengeAndVerify({ factorId: factor.id, code });
    expect(first.error).toBeNull();
    const second = await client.auth.mfa.challengeAndVerify({ factorId: factor.id, code });
    expect(second.error).toMatchObject({ status: 422, code: "mfa_verification_failed" });
    await prove(client, factor, 1);
  });

  test("of two uses at once only one is accepted", async () => {
    const { client } = await signedIn(platform);
    const factor = await enrol(client);
    const code = codeOf(factor.secret);
    const answers = await Promise.all(
      [1, 2].map(() => client.auth.mfa.challengeAndVerify({ factorId: factor.id, code })),
    );
    expect(answers.filter(({ error }) => error === null)).toHaveLength(1);
  });
});

test("a challenge that is too old: 422, and it is gone", async () => {
  const { client } = await signedIn(platform);
  const factor = await enrol(client);
  const challengeId = (await client.auth.mfa.challenge({ factorId: factor.id })).data?.id ?? "";
  await platform.sql`
    update auth.mfa_challenges set created_at = created_at - interval '301 seconds'
    where id = ${challengeId}`;
  const answer = { factorId: factor.id, challengeId, code: codeOf(factor.secret) };
  const { error } = await client.auth.mfa.verify(answer);
  expect(error).toMatchObject({ status: 422, code: "mfa_challenge_expired" });
  expect(
    await platform.sql`select from auth.mfa_challenges where id = ${challengeId}`,
  ).toHaveLength(0);
});

test("a refresh token of the time before does not lead into the session with two factors", async () => {
  const { client, session } = await signedIn(platform);
  await prove(client, await enrol(client));
  await platform.sql`
    update auth.refresh_tokens set updated_at = updated_at - interval '1 minute'
    where token = ${session.refresh_token}`;
  await client.auth.refreshSession();
  const body = { refresh_token: session.refresh_token };
  const response = await callAuth(platform, "/token?grant_type=refresh_token", { body });
  expect((await parsed(response, errorSchema)).code).toBe("refresh_token_already_used");
});

test("an administrator may remove a lost factor", async () => {
  const { id, client } = await signedIn(platform);
  const factor = await enrol(client);
  await prove(client, factor);
  const path = `/admin/users/${id}/factors/${factor.id}`;
  expect((await callAuth(platform, path, { method: "DELETE" })).status).toBe(403);
  expect((await callAdmin(platform, path, { method: "DELETE" })).status).toBe(200);
  expect(await (await callAdmin(platform, `/admin/users/${id}/factors`)).json()).toEqual([]);
  expect((await callAdmin(platform, path, { method: "DELETE" })).status).toBe(404);
});

test("enrolment can be off", async () => {
  const { client } = await signedIn({ ...platform, ...(await platform.gateway({ auth: {} })) });
  const { error } = await client.auth.mfa.enroll({ factorType: "totp" });
  expect(error).toMatchObject({ status: 422, code: "mfa_totp_enroll_not_enabled" });
});
