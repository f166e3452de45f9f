import { randomUUID } from "node:crypto";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { decodeJwt } from "jose";
import { describe, expect, test, vi } from "vitest";
import { createAccount, ownerConnection, signIn } from "../../helpers/api-accounts.ts";
import { stackEnv } from "../../helpers/stack-env.ts";
import { follow, fragmentOf, type Mail, mailsTo } from "../fidelity/lib/mails.ts";

const PASSWORD = "First-Horse-Battery-9!";
const NEW_PASSWORD = "Second-Horse-Battery-9!";

const owner = ownerConnection();
const newEmail = () => `person-${randomUUID()}@example.com`;

/** A front end. With PKCE its links carry a code that only this client can use. */
function newClient(flowType: "implicit" | "pkce" = "implicit"): SupabaseClient {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  const { supabaseUrl, publishableKey } = stackEnv();
  return createClient(supabaseUrl, publishableKey, {
    auth: { flowType, storage, autoRefreshToken: false, detectSessionInUrl: false },
  });
}

/** The newest mail to an address; a real mail server may take a moment. */
async function mailTo(address: string, subject: RegExp): Promise<Mail> {
  const found = await vi.waitUntil(
    async () =>
      (await mailsTo(stackEnv().mailpitUrl, address)).find((mail) => subject.test(mail.subject)),
    10_000,
  );
  if (!found) throw new Error(`no mail to ${address}`);
  return found;
}

/** Follows a link of the implicit flow: the session that is in the fragment. */
async function enterBy(client: SupabaseClient, link: string) {
  const fragment = fragmentOf(await follow(link));
  const { data, error } = await client.auth.setSession({
    access_token: fragment.get("access_token") ?? "",
    refresh_token: fragment.get("refresh_token") ?? "",
  });
  if (error) throw error;
  return data;
}

const profileOf = (email: string) =>
  owner()`select first_name, email from public.profiles where email = ${email}`;

describe("e-mail and password", () => {
  test("nobody signs in before the address is confirmed; then the profile is there", async () => {
    const [client, email] = [newClient(), newEmail()];
    const credentials = { email, password: PASSWORD };
    const data = { first_name: "Maria" };
    const signedUp = await client.auth.signUp({ ...credentials, options: { data } });
    expect([signedUp.error, signedUp.data.session]).toEqual([null, null]);
    const early = await client.auth.signInWithPassword(credentials);
    expect(early.error).toMatchObject({ status: 400, code: "email_not_confirmed" });
    const { user } = await enterBy(client, (await mailTo(email, /confirm/i)).link);
    expect(user?.email_confirmed_at).toEqual(expect.any(String));
    expect((await client.auth.signInWithPassword(credentials)).error).toBeNull();
    expect(await profileOf(email)).toEqual([{ first_name: "Maria", email }]);
  });

  test("with PKCE the link hands out a code, which another client cannot use", async () => {
    const [client, email] = [newClient("pkce"), newEmail()];
    await client.auth.signUp({ email, password: PASSWORD });
    const target = await follow((await mailTo(email, /confirm/i)).link);
    const code = target.searchParams.get("code") ?? "";
    const thief = newClient("pkce");
    await thief.auth.resetPasswordForEmail(newEmail());
    const stolen = await thief.auth.exchangeCodeForSession(code);
    expect(stolen.error).toMatchObject({ status: 400, code: "bad_code_verifier" });
    const { data, error } = await client.auth.exchangeCodeForSession(code);
    expect([error, data.user?.email]).toEqual([null, email]);
  });

  test("a weak password, and an address that is none: no account", async () => {
    const email = newEmail();
    const weak = await newClient().auth.signUp({ email, password: "password" });
    expect(weak.error).toMatchObject({ status: 422, code: "weak_password" });
    const none = await newClient().auth.signUp({ email: "nobody", password: PASSWORD });
    expect(none.error).toMatchObject({ status: 400, code: "validation_failed" });
    expect(await profileOf(email)).toHaveLength(0);
  });
});

describe("the magic link", () => {
  test("signs in once; the code in the mail would do the same", async () => {
    const { email } = await createAccount();
    const client = newClient();
    expect((await client.auth.signInWithOtp({ email })).error).toBeNull();
    const { link } = await mailTo(email, /magic|sign|log/i);
    const { session } = await enterBy(client, link);
    expect(decodeJwt(session?.access_token ?? "")).toMatchObject({ email, aal: "aal1" });
    const again = fragmentOf(await follow(link));
    expect([again.get("error_code"), again.get("access_token")]).toEqual(["otp_expired", null]);
  });

  test("the code signs in, a wrong one does not", async () => {
    const { email } = await createAccount();
    const client = newClient();
    await client.auth.signInWithOtp({ email });
    const { code } = await mailTo(email, /magic|sign|log/i);
    const wrong = code.replace(/^./, (first) => (first === "1" ? "2" : "1"));
    const refused = await client.auth.verifyOtp({ email, token: wrong, type: "email" });
    expect(refused.error).toMatchObject({ status: 403, code: "otp_expired" });
    const accepted = await client.auth.verifyOtp({ email, token: code, type: "email" });
    expect([accepted.error, accepted.data.user?.email]).toEqual([null, email]);
  });
});

test("a forgotten password: the link lets set a new one, which ends the old one and its sessions", async () => {
  const { email, client: elsewhere } = await createAccount();
  const client = newClient("pkce");
  expect((await client.auth.resetPasswordForEmail(email)).error).toBeNull();
  const target = await follow((await mailTo(email, /reset|password/i)).link);
  await client.auth.exchangeCodeForSession(target.searchParams.get("code") ?? "");
  const { error } = await client.auth.updateUser({ password: NEW_PASSWORD });
  expect(error).toBeNull();
  expect((await elsewhere.auth.getUser()).data.user).toBeNull();
  await expect(signIn(email)).rejects.toMatchObject({ status: 400, code: "invalid_credentials" });
  const fresh = await newClient().auth.signInWithPassword({ email, password: NEW_PASSWORD });
  expect(fresh.error).toBeNull();
});

test("a new address: account and profile follow when both mailboxes have agreed", async () => {
  const { email, client } = await createAccount();
  const wanted = newEmail();
  expect((await client.auth.updateUser({ email: wanted })).error).toBeNull();
  await follow((await mailTo(wanted, /change/i)).link);
  expect((await client.auth.getUser()).data.user?.email).toBe(email);
  expect(await profileOf(wanted)).toHaveLength(0);
  await follow((await mailTo(email, /change/i)).link);
  expect((await client.auth.getUser()).data.user?.email).toBe(wanted);
  expect([await profileOf(wanted), await profileOf(email)]).toMatchObject([
    [{ email: wanted }],
    [],
  ]);
});

describe("refresh tokens", () => {
  test("each is replaced when it is used; the session stays", async () => {
    const { client, token } = await createAccount();
    const before = (await client.auth.getSession()).data.session;
    const { session } = (await client.auth.refreshSession()).data;
    expect(session?.refresh_token).not.toBe(before?.refresh_token);
    const [first, second] = [decodeJwt(token), decodeJwt(session?.access_token ?? "")];
    expect(second.session_id).toBe(first.session_id);
  });

  test("[AUTH-11] one that comes again late is theft: its owner is signed out too", async () => {
    const { client, id } = await createAccount();
    const stolen = (await client.auth.getSession()).data.session?.refresh_token ?? "";
    await client.auth.refreshSession();
    await client.auth.refreshSession();
    const current = (await client.auth.getSession()).data.session?.refresh_token ?? "";
    /** The seconds in which a client may ask again with a used token are over. */
    const later = () => owner()`
      update auth.refresh_tokens set updated_at = updated_at - interval '1 minute'
      where user_id = ${id} and revoked`;
    await later();
    const thief = await newClient().auth.refreshSession({ refresh_token: stolen });
    expect(thief.error).toMatchObject({ status: 400, code: "refresh_token_already_used" });
    await later();
    const victim = await newClient().auth.refreshSession({ refresh_token: current });
    expect(victim.error).toMatchObject({ status: 400, code: "refresh_token_already_used" });
  });
});

describe("signing out", () => {
  /** The same person on three devices; the first one signs out. */
  async function threeDevices(scope: "global" | "local" | "others") {
    const { email, client: first } = await createAccount();
    const [second, third] = [(await signIn(email)).client, (await signIn(email)).client];
    const { error } = await first.auth.signOut({ scope });
    expect(error).toBeNull();
    const alive = [];
    for (const client of [first, second, third]) {
      const { data } = await client.auth.refreshSession();
      alive.push(data.session !== null);
    }
    return alive;
  }

  test.each([
    ["global", [false, false, false]],
    ["local", [false, true, true]],
    ["others", [true, false, false]],
  ] as const)("%s", async (scope, expected) => {
    expect(await threeDevices(scope)).toEqual(expected);
  });
});
