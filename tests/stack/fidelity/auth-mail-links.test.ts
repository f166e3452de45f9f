import { createHash, randomBytes } from "node:crypto";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAccount, newEmail, PASSWORD, signedIn } from "./lib/accounts.ts";
import { errorSchema, tokenResponseSchema } from "./lib/auth-schemas.ts";
import { follow, fragmentOf, lastMailTo, mailsTo } from "./lib/mails.ts";
import { type Platform, startPlatform } from "./lib/platform.ts";
import { callAuth, parsed } from "./lib/raw-auth.ts";

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.dispose());

describe("signing in by mail", () => {
  test("the magic link signs in; the session says so", async () => {
    const { id, email } = await createAccount(platform);
    const client = platform.client();
    expect((await client.auth.signInWithOtp({ email })).error).toBeNull();
    const mail = await lastMailTo(platform.mailUrl, email);
    expect(mail.subject).toBe("Your Magic Link");
    const session = fragmentOf(await follow(mail.link));
    expect(session.get("type")).toBe("magiclink");
    expect(decodeJwt(session.get("access_token") ?? "")).toMatchObject({
      sub: id,
      amr: [{ method: "otp" }],
    });
  });

  test("the code signs in with the type email, for old and new accounts", async () => {
    const { email: known } = await createAccount(platform);
    for (const email of [known, newEmail()]) {
      const client = platform.client();
      await client.auth.signInWithOtp({ email });
      const { code: token } = await lastMailTo(platform.mailUrl, email);
      const { data, error } = await client.auth.verifyOtp({ email, token, type: "email" });
      expect(error).toBeNull();
      expect(data.user?.email).toBe(email);
      expect(data.user?.email_confirmed_at).toBeDefined();
    }
  });

  test("asking for a link signs nobody in and confirms nothing", async () => {
    const email = newEmail();
    await platform.client().auth.signInWithOtp({ email });
    const [account] = await platform.sql`
      select email_confirmed_at, last_sign_in_at,
        (select count(*)::int from auth.sessions where user_id = users.id) as sessions
      from auth.users where email = ${email}`;
    expect(account).toEqual({ email_confirmed_at: null, last_sign_in_at: null, sessions: 0 });
  });

  test("without sign-up for unknown addresses: 422 otp_disabled, no account, no mail", async () => {
    const email = newEmail();
    const options = { shouldCreateUser: false };
    const { error } = await platform.client().auth.signInWithOtp({ email, options });
    expect(error).toMatchObject({ status: 422, code: "otp_disabled" });
    expect(await mailsTo(platform.mailUrl, email)).toHaveLength(0);
    expect(await platform.sql`select from auth.users where email = ${email}`).toHaveLength(0);
  });

  test("a token hash may be verified by the application itself", async () => {
    const { email } = await createAccount(platform);
    const client = platform.client();
    await client.auth.signInWithOtp({ email });
    const link = new URL((await lastMailTo(platform.mailUrl, email)).link);
    const token_hash = link.searchParams.get("token") ?? "";
    const extra = await callAuth(platform, "/verify", {
      body: { type: "email", token_hash, email },
    });
    expect((await parsed(extra, errorSchema)).message).toBe(
      "Only the token_hash and type should be provided",
    );
    expect((await client.auth.verifyOtp({ type: "email", token_hash })).error).toBeNull();
  });
});

describe("the PKCE flow: links hand out a code, and only its client can use it", () => {
  const verifier = randomBytes(40).toString("base64url");
  const pkce = {
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "s256",
  };
  const exchange = (auth_code: string, code_verifier: string) =>
    callAuth(platform, "/token?grant_type=pkce", { body: { auth_code, code_verifier } });

  test.each([
    ["sign-up", "/signup", { password: PASSWORD }, "email/signup"],
    ["magic link", "/otp", {}, "magiclink"],
    ["recovery", "/recover", {}, "recovery"],
  ])("%s", async (name, path, more, method) => {
    const email = name === "sign-up" ? newEmail() : (await createAccount(platform)).email;
    const sent = await callAuth(platform, path, { body: { email, ...more, ...pkce } });
    expect(sent.status).toBe(200);
    const target = await follow((await lastMailTo(platform.mailUrl, email)).link);
    expect(target.hash).toBe("");
    const code = target.searchParams.get("code") ?? "";
    const wrong = await exchange(code, randomBytes(40).toString("base64url"));
    expect([wrong.status, (await parsed(wrong, errorSchema)).code]).toEqual([
      400,
      "bad_code_verifier",
    ]);
    const session = await parsed(await exchange(code, verifier), tokenResponseSchema);
    expect(decodeJwt(session.access_token).amr).toMatchObject([{ method }]);
    const again = await exchange(code, verifier);
    expect([again.status, (await parsed(again, errorSchema)).code]).toEqual([
      404,
      "flow_state_not_found",
    ]);
  });

  test("a code is worth nothing before its link was followed", async () => {
    const { id, email } = await createAccount(platform);
    await callAuth(platform, "/otp", { body: { email, ...pkce } });
    const [flow] = await platform.sql`select auth_code from auth.flow_state where user_id = ${id}`;
    expect((await exchange(String(flow?.auth_code), verifier)).status).toBe(404);
  });

  test("half a challenge: 400", async () => {
    const body = { email: newEmail(), code_challenge: pkce.code_challenge };
    const response = await callAuth(platform, "/otp", { body });
    expect((await parsed(response, errorSchema)).code).toBe("validation_failed");
  });
});

describe("changing the address", () => {
  test("both addresses have to agree; until then nothing changes", async () => {
    const { email, client } = await signedIn(platform);
    const wanted = newEmail();
    const { data } = await client.auth.updateUser({ email: wanted });
    expect(data.user).toMatchObject({ email, new_email: wanted });
    const half = fragmentOf(await follow((await lastMailTo(platform.mailUrl, wanted)).link));
    expect(half.get("message")).toContain("confirm link sent to the other email");
    expect((await client.auth.getUser()).data.user?.email).toBe(email);
    const done = fragmentOf(await follow((await lastMailTo(platform.mailUrl, email)).link));
    expect(done.get("type")).toBe("email_change");
    const { user } = (await client.auth.getUser()).data;
    expect(user?.email).toBe(wanted);
    expect(user?.identities?.[0]?.identity_data).toMatchObject({ email: wanted });
  });

  test("the same link twice does not stand for both addresses", async () => {
    const { email, client } = await signedIn(platform);
    const wanted = newEmail();
    await client.auth.updateUser({ email: wanted });
    const { link } = await lastMailTo(platform.mailUrl, wanted);
    await follow(link);
    expect(fragmentOf(await follow(link)).get("error_code")).toBe("otp_expired");
    expect((await client.auth.getUser()).data.user?.email).toBe(email);
  });

  test("to an address that somebody has: 422 email_exists", async () => {
    const { email: taken } = await createAccount(platform);
    const { client } = await signedIn(platform);
    const { error } = await client.auth.updateUser({ email: taken });
    expect(error).toMatchObject({ status: 422, code: "email_exists" });
    expect(await mailsTo(platform.mailUrl, taken)).toHaveLength(0);
  });
});
