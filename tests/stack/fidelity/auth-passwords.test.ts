import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAccount, PASSWORD, signedIn, signIn } from "./lib/accounts.ts";
import { follow, fragmentOf, lastMailTo, mailsTo } from "./lib/mails.ts";
import { type Platform, startPlatform } from "./lib/platform.ts";
import { callAuth } from "./lib/raw-auth.ts";

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.dispose());

const NEW_PASSWORD = "Another-horse-2";

const canSignIn = async (email: string, password: string) =>
  (await platform.client().auth.signInWithPassword({ email, password })).error === null;

describe("changing the password", () => {
  test("needs the current one, and ends every other session", async () => {
    const { email, client } = await signedIn(platform);
    const elsewhere = await signIn(platform.client(), email);
    const missing = await client.auth.updateUser({ password: NEW_PASSWORD });
    expect(missing.error).toMatchObject({ status: 400, code: "current_password_required" });
    const wrong = { password: NEW_PASSWORD, current_password: "wrong" };
    expect((await client.auth.updateUser(wrong)).error).toMatchObject({
      status: 400,
      code: "current_password_invalid",
    });
    expect(await canSignIn(email, PASSWORD)).toBe(true);
    const right = { password: NEW_PASSWORD, current_password: PASSWORD };
    expect((await client.auth.updateUser(right)).error).toBeNull();
    expect(await canSignIn(email, PASSWORD)).toBe(false);
    expect(await canSignIn(email, NEW_PASSWORD)).toBe(true);
    expect((await client.auth.getUser()).error).toBeNull();
    const other = await callAuth(platform, "/user", { bearer: elsewhere.access_token });
    expect(other.status).toBe(403);
  });

  test("the same one again, or a weak one: 422", async () => {
    const { client } = await signedIn(platform);
    const same = { password: PASSWORD, current_password: PASSWORD };
    expect((await client.auth.updateUser(same)).error).toMatchObject({
      status: 422,
      code: "same_password",
    });
    const weak = { password: "weak", current_password: PASSWORD };
    expect((await client.auth.updateUser(weak)).error).toMatchObject({
      status: 422,
      code: "weak_password",
    });
  });

  test("in an old session it needs a mailed code as well", async () => {
    const { email, id, client } = await signedIn(platform);
    await platform.sql`
      update auth.sessions set created_at = now() - interval '25 hours' where user_id = ${id}`;
    const change = { password: NEW_PASSWORD, current_password: PASSWORD };
    expect((await client.auth.updateUser(change)).error).toMatchObject({
      status: 400,
      code: "reauthentication_needed",
    });
    expect((await client.auth.reauthenticate()).error).toBeNull();
    const { code: nonce } = await lastMailTo(platform.mailUrl, email);
    expect((await client.auth.updateUser({ ...change, nonce: "00000000" })).error).toMatchObject({
      status: 422,
      code: "reauthentication_not_valid",
    });
    expect((await client.auth.updateUser({ ...change, nonce })).error).toBeNull();
    expect(await canSignIn(email, NEW_PASSWORD)).toBe(true);
  });
});

describe("a forgotten password", () => {
  test("the mail's link opens a session that may set a new one without the old one", async () => {
    const { email } = await createAccount(platform);
    const redirectTo = "https://app.example.com/reset";
    const client = platform.client();
    expect((await client.auth.resetPasswordForEmail(email, { redirectTo })).error).toBeNull();
    const target = await follow((await lastMailTo(platform.mailUrl, email)).link);
    expect(target.origin + target.pathname).toBe(redirectTo);
    const session = fragmentOf(target);
    expect(session.get("type")).toBe("recovery");
    await client.auth.setSession({
      access_token: session.get("access_token") ?? "",
      refresh_token: session.get("refresh_token") ?? "",
    });
    expect((await client.auth.updateUser({ password: NEW_PASSWORD })).error).toBeNull();
    expect(await canSignIn(email, NEW_PASSWORD)).toBe(true);
  });

  test("an unknown address answers the same, and gets no mail", async () => {
    const client = platform.client();
    const { error } = await client.auth.resetPasswordForEmail("nobody@example.com");
    expect(error).toBeNull();
    expect(await mailsTo(platform.mailUrl, "nobody@example.com")).toHaveLength(0);
  });

  test("a code that is too old: 403 otp_expired", async () => {
    const { id, email } = await createAccount(platform);
    const client = platform.client();
    await client.auth.resetPasswordForEmail(email);
    const { code: token } = await lastMailTo(platform.mailUrl, email);
    await platform.sql`
      update auth.users set recovery_sent_at = now() - interval '11 minutes' where id = ${id}`;
    const { error } = await client.auth.verifyOtp({ email, token, type: "recovery" });
    expect(error).toMatchObject({ status: 403, code: "otp_expired" });
  });

  test("a code of one kind is none of another", async () => {
    const { email } = await createAccount(platform);
    const client = platform.client();
    await client.auth.resetPasswordForEmail(email);
    const { code: token } = await lastMailTo(platform.mailUrl, email);
    const { error } = await client.auth.verifyOtp({ email, token, type: "signup" });
    expect(error).toMatchObject({ status: 403, code: "otp_expired" });
    expect((await client.auth.verifyOtp({ email, token, type: "recovery" })).error).toBeNull();
  });
});

describe("how often mails are sent", () => {
  test("another mail too soon: 429 with the seconds to wait, and none is sent", async () => {
    const slow = await platform.gateway({
      auth: { email: { enable_confirmations: true, max_frequency: "60s", otp_length: 8 } },
    });
    const { email } = await createAccount(platform);
    const client = slow.client();
    expect((await client.auth.resetPasswordForEmail(email)).error).toBeNull();
    const { error } = await client.auth.resetPasswordForEmail(email);
    expect(error).toMatchObject({ status: 429, code: "over_email_send_rate_limit" });
    expect(error?.message).toMatch(
      /^For security purposes, you can only request this after (5\d|60) seconds\.$/,
    );
    expect(await mailsTo(slow.mailUrl, email)).toHaveLength(1);
  });
});
