import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAccount, newEmail, PASSWORD } from "./lib/accounts.ts";
import {
  errorSchema,
  healthSchema,
  legacyErrorSchema,
  settingsSchema,
  tokenResponseSchema,
  userSchema,
} from "./lib/auth-schemas.ts";
import { follow, fragmentOf, lastMailTo, mailsTo } from "./lib/mails.ts";
import { type Platform, SITE_URL, startPlatform } from "./lib/platform.ts";
import { callAuth, parsed } from "./lib/raw-auth.ts";

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.dispose());

describe("sign-up where addresses have to be confirmed", () => {
  test("answers the account without a session; nobody can sign in yet", async () => {
    const email = newEmail();
    const { data, error } = await platform.client().auth.signUp({
      email,
      password: PASSWORD,
      options: { data: { first_name: "Ada" } },
    });
    expect(error).toBeNull();
    expect(data.session).toBeNull();
    expect(userSchema.parse(data.user)).toMatchObject({
      email,
      role: "authenticated",
      app_metadata: { provider: "email", providers: ["email"] },
      user_metadata: { first_name: "Ada", email, email_verified: false, sub: data.user?.id },
      identities: [{ provider: "email", id: data.user?.id, email }],
    });
    expect(data.user).not.toHaveProperty("email_confirmed_at");
    const early = await platform.client().auth.signInWithPassword({ email, password: PASSWORD });
    expect(early.error).toMatchObject({ status: 400, code: "email_not_confirmed" });
  });

  test("the mail's link confirms the address, signs in and leads to the application", async () => {
    const email = newEmail();
    const emailRedirectTo = "https://app.example.com/welcome?x=1";
    const client = platform.client();
    await client.auth.signUp({ email, password: PASSWORD, options: { emailRedirectTo } });
    const target = await follow((await lastMailTo(platform.mailUrl, email)).link);
    expect(target.origin + target.pathname + target.search).toBe(emailRedirectTo);
    const session = fragmentOf(target);
    expect(session.get("type")).toBe("signup");
    expect(session.get("token_type")).toBe("bearer");
    const user = await platform.client().auth.getUser(session.get("access_token") ?? "");
    expect(user.data.user?.email_confirmed_at).toBeDefined();
    expect(user.data.user?.user_metadata.email_verified).toBe(true);
    expect((await client.auth.signInWithPassword({ email, password: PASSWORD })).error).toBeNull();
  });

  test("the typed code does the same", async () => {
    const email = newEmail();
    const client = platform.client();
    await client.auth.signUp({ email, password: PASSWORD });
    const { code: token } = await lastMailTo(platform.mailUrl, email);
    expect(token).toMatch(/^\d{8}$/);
    const { data, error } = await client.auth.verifyOtp({ email, token, type: "signup" });
    expect(error).toBeNull();
    expect(data.user?.email_confirmed_at).toBeDefined();
    const again = await client.auth.verifyOtp({ email, token, type: "signup" });
    expect(again.error).toMatchObject({ status: 403, code: "otp_expired" });
  });

  test("a link works once; then it leads to the application with the reason", async () => {
    const email = newEmail();
    await platform.client().auth.signUp({ email, password: PASSWORD });
    const { link } = await lastMailTo(platform.mailUrl, email);
    await follow(link);
    const reason = fragmentOf(await follow(link));
    expect(Object.fromEntries(reason)).toMatchObject({
      error: "access_denied",
      error_code: "otp_expired",
      error_description: "Email link is invalid or has expired",
    });
    expect(reason.get("access_token")).toBeNull();
  });

  test("of two uses of a link at once only one signs in", async () => {
    const email = newEmail();
    await platform.client().auth.signUp({ email, password: PASSWORD });
    const { link } = await lastMailTo(platform.mailUrl, email);
    const targets = await Promise.all(Array.from({ length: 5 }, () => follow(link)));
    const signedIn = targets.filter((target) => fragmentOf(target).has("access_token"));
    expect(signedIn).toHaveLength(1);
  });

  test("a target that is not allowed is replaced by the site", async () => {
    for (const emailRedirectTo of [
      "https://evil.example.net/",
      "https://app.example.com.evil.net/",
      "https://a.b.preview.example.com/cb",
      "javascript:alert(1)",
    ]) {
      const email = newEmail();
      const options = { emailRedirectTo };
      await platform.client().auth.signUp({ email, password: PASSWORD, options });
      const target = await follow((await lastMailTo(platform.mailUrl, email)).link);
      expect(target.origin).toBe(SITE_URL);
    }
  });

  test("somebody else's address gets an answer that tells nothing, and no mail", async () => {
    const { id, email } = await createAccount(platform);
    const { data, error } = await platform
      .client()
      .auth.signUp({ email, password: "Other-pass-22" });
    expect(error).toBeNull();
    expect(data.user).toMatchObject({ email, identities: [] });
    expect(data.user?.id).not.toBe(id);
    expect(await mailsTo(platform.mailUrl, email)).toHaveLength(0);
    const wrong = await platform
      .client()
      .auth.signInWithPassword({ email, password: "Other-pass-22" });
    expect(wrong.error).toMatchObject({ status: 400, code: "invalid_credentials" });
  });

  test("a repeated sign-up before the confirmation sends the mail again, with the first password", async () => {
    const email = newEmail();
    const client = platform.client();
    const first = await client.auth.signUp({ email, password: PASSWORD });
    const second = await client.auth.signUp({ email, password: "Other-pass-22" });
    expect(second.data.user?.id).toBe(first.data.user?.id);
    const mails = await mailsTo(platform.mailUrl, email);
    expect(mails).toHaveLength(2);
    await follow(mails[0]?.link ?? "");
    expect((await client.auth.signInWithPassword({ email, password: PASSWORD })).error).toBeNull();
  });

  test("resend sends a new link and ends the old one", async () => {
    const email = newEmail();
    const client = platform.client();
    await client.auth.signUp({ email, password: PASSWORD });
    const { link: old } = await lastMailTo(platform.mailUrl, email);
    expect((await client.auth.resend({ type: "signup", email })).error).toBeNull();
    expect(fragmentOf(await follow(old)).get("error_code")).toBe("otp_expired");
    const { link } = await lastMailTo(platform.mailUrl, email);
    expect(fragmentOf(await follow(link)).has("access_token")).toBe(true);
  });
});

describe("what a sign-up must bring", () => {
  test.each([
    ["too-short1", "short1", "length"],
    ["no digit", "onlylettershere", "characters"],
  ])("a weak password: 422 with the reasons (%s)", async (_, password, reason) => {
    const email = newEmail();
    const { error } = await platform.client().auth.signUp({ email, password });
    expect(error).toMatchObject({
      name: "AuthWeakPasswordError",
      status: 422,
      code: "weak_password",
      reasons: [reason],
    });
    expect(await mailsTo(platform.mailUrl, email)).toHaveLength(0);
  });

  test.each([
    [{ email: "nonsense", password: PASSWORD }, 400, "validation_failed"],
    [{ email: "a@b.c" }, 400, "validation_failed"],
    [{ email: "a@b.c", password: `${"x1".repeat(40)}` }, 400, "validation_failed"],
    [{ data: {} }, 422, "anonymous_provider_disabled"],
    [{ phone: "+491701234567", password: PASSWORD }, 400, "phone_provider_disabled"],
  ])("%j: %i %s", async (body, status, code) => {
    const response = await callAuth(platform, "/signup", { body });
    expect(response.status).toBe(status);
    expect((await parsed(response, errorSchema)).code).toBe(code);
    expect(response.headers.get("x-supabase-api-version")).toBe("2024-01-01");
  });

  test("a body that is no JSON: 400 bad_json", async () => {
    const response = await callAuth(platform, "/signup", { method: "POST" });
    expect(response.status).toBe(422);
    const broken = await fetch(`${platform.url}/auth/v1/signup`, {
      method: "POST",
      headers: { apikey: "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH" },
      body: "{",
    });
    expect(broken.status).toBe(400);
    expect(await broken.json()).toMatchObject({ error_code: "bad_json" });
  });

  test("clients of the first version get the status as code", async () => {
    const response = await callAuth(platform, "/signup", { body: {}, apiVersion: null });
    expect(await parsed(response, legacyErrorSchema)).toMatchObject({
      code: 422,
      error_code: "anonymous_provider_disabled",
    });
  });
});

describe("sign-up where addresses need no confirmation", () => {
  test("answers a session at once; an address that exists is refused openly", async () => {
    const other = await platform.gateway({
      auth: { email: { enable_confirmations: false, max_frequency: "0s" } },
    });
    const body = { email: newEmail(), password: PASSWORD };
    const response = await callAuth(other, "/signup", { body });
    const answer = await parsed(response, tokenResponseSchema);
    expect(answer.user.email_confirmed_at).toBeDefined();
    const again = await other.client().auth.signUp(body);
    expect(again.error).toMatchObject({ status: 422, code: "user_already_exists" });
  });

  test("sign-ups can be switched off", async () => {
    const other = await platform.gateway({ auth: { enable_signup: false } });
    const { error } = await other.client().auth.signUp({ email: newEmail(), password: PASSWORD });
    expect(error).toMatchObject({ status: 422, code: "signup_disabled" });
    const otp = await other.client().auth.signInWithOtp({ email: newEmail() });
    expect(otp.error).toMatchObject({ status: 422, code: "signup_disabled" });
  });
});

describe("what Auth says about itself", () => {
  test("settings: what a sign-in page needs to know", async () => {
    const settings = await parsed(await callAuth(platform, "/settings"), settingsSchema);
    expect(settings).toMatchObject({
      disable_signup: false,
      mailer_autoconfirm: false,
      external: { email: true, phone: false, google: false, anonymous_users: false },
    });
  });

  test("health", async () => {
    await parsed(await callAuth(platform, "/health"), healthSchema);
  });

  test("a provider that is not enabled: 400", async () => {
    const response = await callAuth(platform, "/authorize?provider=google");
    expect([response.status, (await response.json()).message]).toEqual([
      400,
      "Unsupported provider: provider is not enabled",
    ]);
  });
});
