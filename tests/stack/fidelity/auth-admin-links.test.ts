import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAccount, newEmail, PASSWORD, signedIn } from "./lib/accounts.ts";
import { linkSchema } from "./lib/auth-schemas.ts";
import { follow, fragmentOf, lastMailTo, mailsTo } from "./lib/mails.ts";
import { type Platform, SITE_URL, startPlatform } from "./lib/platform.ts";
import { callAdmin, parsed } from "./lib/raw-auth.ts";

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.dispose());

const admin = () => platform.admin().auth.admin;

describe("inviteUserByEmail", () => {
  test("mails a link that confirms the account, which then chooses a password", async () => {
    const email = newEmail();
    const redirectTo = "https://app.example.com/welcome";
    const { data, error } = await admin().inviteUserByEmail(email, {
      redirectTo,
      data: { first_name: "Ada" },
    });
    expect(error).toBeNull();
    expect(data.user).toMatchObject({ email, user_metadata: { first_name: "Ada" } });
    expect(data.user?.invited_at).toBeDefined();
    const mail = await lastMailTo(platform.mailUrl, email);
    expect(mail.subject).toBe("You have been invited");
    const target = await follow(mail.link);
    expect(target.href.startsWith(redirectTo)).toBe(true);
    const session = fragmentOf(target);
    expect(session.get("type")).toBe("invite");
    const client = platform.client();
    await client.auth.setSession({
      access_token: session.get("access_token") ?? "",
      refresh_token: session.get("refresh_token") ?? "",
    });
    expect((await client.auth.updateUser({ password: PASSWORD })).error).toBeNull();
    const again = await platform.client().auth.signInWithPassword({ email, password: PASSWORD });
    expect(again.error).toBeNull();
  });

  test("an invited account can't sign in before it followed the link", async () => {
    const email = newEmail();
    await admin().inviteUserByEmail(email);
    for (const password of ["", PASSWORD]) {
      const { error } = await platform.client().auth.signInWithPassword({ email, password });
      expect(error).toMatchObject({ status: 400, code: "invalid_credentials" });
    }
  });

  test("may be repeated until the account is confirmed; then 422", async () => {
    const email = newEmail();
    const first = await admin().inviteUserByEmail(email);
    const second = await admin().inviteUserByEmail(email);
    expect(second.data.user?.id).toBe(first.data.user?.id);
    await follow((await lastMailTo(platform.mailUrl, email)).link);
    const third = await admin().inviteUserByEmail(email);
    expect(third.error).toMatchObject({ status: 422, code: "email_exists" });
  });
});

describe("generateLink answers a link instead of mailing it", () => {
  test("signup, for somebody new: the link confirms, the password is set", async () => {
    const email = newEmail();
    const body = { type: "signup", email, password: PASSWORD, data: { first_name: "Ada" } };
    const response = await callAdmin(platform, "/admin/generate_link", { body });
    const link = await parsed(response, linkSchema);
    expect(link).toMatchObject({
      email,
      verification_type: "signup",
      redirect_to: SITE_URL,
      user_metadata: { first_name: "Ada" },
    });
    expect(await mailsTo(platform.mailUrl, email)).toHaveLength(0);
    expect(fragmentOf(await follow(link.action_link)).get("type")).toBe("signup");
    const { error } = await platform
      .client()
      .auth.signInWithPassword({ email, password: PASSWORD });
    expect(error).toBeNull();
  });

  test.each(["magiclink", "recovery"] as const)(
    "%s: link, hash and code are one token",
    async (type) => {
      const { email } = await createAccount(platform);
      const { data } = await admin().generateLink({ type, email });
      const { hashed_token, email_otp, action_link } = data.properties ?? {};
      expect(new URL(action_link ?? "").searchParams.get("token")).toBe(hashed_token);
      const token = email_otp ?? "";
      const used = await platform.client().auth.verifyOtp({ email, token, type });
      expect(used.error).toBeNull();
      expect(fragmentOf(await follow(action_link ?? "")).get("error_code")).toBe("otp_expired");
    },
  );

  test("magiclink for somebody unknown signs them up; recovery is 404", async () => {
    const email = newEmail();
    const { data } = await admin().generateLink({ type: "magiclink", email });
    expect(data.properties?.verification_type).toBe("signup");
    const unknown = await admin().generateLink({ type: "recovery", email: newEmail() });
    expect(unknown.error).toMatchObject({ status: 404, code: "user_not_found" });
  });

  test("invite", async () => {
    const email = newEmail();
    const { data } = await admin().generateLink({ type: "invite", email });
    const session = fragmentOf(await follow(data.properties?.action_link ?? ""));
    expect(session.get("type")).toBe("invite");
    expect(session.has("access_token")).toBe(true);
  });

  test("email_change: both links together change the address", async () => {
    const { email, client } = await signedIn(platform);
    const newAddress = newEmail();
    const links = [];
    for (const type of ["email_change_current", "email_change_new"] as const) {
      const { data, error } = await admin().generateLink({ type, email, newEmail: newAddress });
      expect(error).toBeNull();
      links.push(data.properties?.action_link ?? "");
    }
    const half = fragmentOf(await follow(links[0] ?? ""));
    expect(half.get("message")).toContain("other email");
    expect((await client.auth.getUser()).data.user?.email).toBe(email);
    await follow(links[1] ?? "");
    expect((await client.auth.getUser()).data.user?.email).toBe(newAddress);
  });

  test("a confirmed account can't be signed up again; an unknown type is 400", async () => {
    const { email } = await createAccount(platform);
    const again = await admin().generateLink({ type: "signup", email, password: PASSWORD });
    expect(again.error).toMatchObject({ status: 422, code: "email_exists" });
    const body = { type: "sms", email };
    expect((await callAdmin(platform, "/admin/generate_link", { body })).status).toBe(400);
  });

  test("a target that is not allowed becomes the site", async () => {
    const { email } = await createAccount(platform);
    const options = { redirectTo: "https://evil.example.net/" };
    const { data } = await admin().generateLink({ type: "magiclink", email, options });
    expect(data.properties?.redirect_to).toBe(SITE_URL);
  });
});
