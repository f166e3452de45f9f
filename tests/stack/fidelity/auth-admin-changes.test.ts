import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAccount, newEmail, PASSWORD, signedIn, signIn } from "./lib/accounts.ts";
import { errorSchema, userSchema } from "./lib/auth-schemas.ts";
import { type Platform, startPlatform } from "./lib/platform.ts";
import { callAdmin, callAuth, parsed } from "./lib/raw-auth.ts";

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.dispose());

const admin = () => platform.admin().auth.admin;
const refused = async (email: string) =>
  (await platform.client().auth.signInWithPassword({ email, password: PASSWORD })).error;

describe("updateUserById", () => {
  test("a banned account can neither sign in nor refresh, until the ban is lifted", async () => {
    const { id, email, session } = await signedIn(platform);
    const banned = await admin().updateUserById(id, { ban_duration: "24h" });
    const until = new Date(userSchema.parse(banned.data.user).banned_until ?? 0).getTime();
    expect(Math.abs(until - Date.now() - 24 * 3600 * 1000)).toBeLessThan(60_000);
    expect(await refused(email)).toMatchObject({ status: 400, code: "user_banned" });
    const body = { refresh_token: session.refresh_token };
    const refresh = await callAuth(platform, "/token?grant_type=refresh_token", { body });
    expect([refresh.status, (await parsed(refresh, errorSchema)).code]).toEqual([
      400,
      "user_banned",
    ]);
    const link = await admin().generateLink({ type: "magiclink", email });
    const token_hash = link.data.properties?.hashed_token ?? "";
    const otp = await platform.client().auth.verifyOtp({ type: "email", token_hash });
    expect(otp.error).toMatchObject({ status: 403, code: "user_banned" });
    const lifted = await admin().updateUserById(id, { ban_duration: "none" });
    expect(lifted.data.user).not.toHaveProperty("banned_until");
    expect(await refused(email)).toBeNull();
  });

  test("a new password ends the sessions; weak ones are refused", async () => {
    const { id, email, session } = await signedIn(platform);
    const weak = await admin().updateUserById(id, { password: "weak" });
    expect(weak.error).toMatchObject({ status: 422, code: "weak_password" });
    expect((await admin().updateUserById(id, { password: "Another-horse-2" })).error).toBeNull();
    expect(await refused(email)).toMatchObject({ code: "invalid_credentials" });
    const old = await callAuth(platform, "/user", { bearer: session.access_token });
    expect(old.status).toBe(403);
  });

  test("metadata is merged, null removes", async () => {
    const { id } = await createAccount(platform);
    await admin().updateUserById(id, { app_metadata: { a: 1, b: 2 }, user_metadata: { x: 1 } });
    const { data } = await admin().updateUserById(id, { app_metadata: { a: null } });
    expect(data.user).toMatchObject({
      app_metadata: { b: 2, provider: "email" },
      user_metadata: { x: 1 },
    });
    expect(data.user?.app_metadata).not.toHaveProperty("a");
  });

  test("a new address is valid at once, unless somebody has it", async () => {
    const { id, email } = await createAccount(platform);
    const { email: taken } = await createAccount(platform);
    const clash = await admin().updateUserById(id, { email: taken });
    expect(clash.error).toMatchObject({ status: 422, code: "email_exists" });
    const wanted = newEmail();
    const { data } = await admin().updateUserById(id, { email: wanted, email_confirm: true });
    expect(data.user).toMatchObject({ email: wanted, identities: [{ email: wanted }] });
    expect(await refused(wanted)).toBeNull();
    expect(await refused(email)).toMatchObject({ code: "invalid_credentials" });
  });
});

describe("deleteUser", () => {
  test("removes account, identities and sessions; the address is free again", async () => {
    const { id, email } = await signedIn(platform);
    const response = await callAdmin(platform, `/admin/users/${id}`, { method: "DELETE" });
    expect([response.status, await response.json()]).toEqual([200, {}]);
    const [left] = await platform.sql`
      select (select count(*)::int from auth.users where id = ${id}) as users,
        (select count(*)::int from auth.identities where user_id = ${id}) as identities,
        (select count(*)::int from auth.sessions where user_id = ${id}) as sessions`;
    expect(left).toEqual({ users: 0, identities: 0, sessions: 0 });
    await createAccount(platform, email);
  });

  test("softly: the row stays without anything personal, and cannot sign in", async () => {
    const { id, email } = await signedIn(platform);
    await admin().updateUserById(id, { user_metadata: { first_name: "Ada" } });
    expect((await admin().deleteUser(id, true)).error).toBeNull();
    const { data } = await admin().getUserById(id);
    expect(data.user).toMatchObject({ id, user_metadata: {}, app_metadata: {} });
    expect(data.user?.deleted_at).toBeDefined();
    expect(JSON.stringify(data.user)).not.toContain(email);
    expect(await refused(email)).toMatchObject({ code: "invalid_credentials" });
    await createAccount(platform, email);
  });

  test("what a foreign key keeps: 500, and the account stays", async () => {
    const { id, email } = await createAccount(platform);
    await platform.sql`create table public.kept (user_id uuid references auth.users (id))`;
    await platform.sql`insert into public.kept values (${id})`;
    const response = await callAdmin(platform, `/admin/users/${id}`, { method: "DELETE" });
    expect([response.status, await parsed(response, errorSchema)]).toEqual([
      500,
      { code: "unexpected_failure", message: "Database error deleting user" },
    ]);
    expect(await refused(email)).toBeNull();
    await platform.sql`drop table public.kept`;
  });
});

describe("signOut", () => {
  test("ends the sessions of the given token", async () => {
    const { email, session } = await signedIn(platform);
    const other = await signIn(platform.client(), email);
    expect((await admin().signOut(session.access_token, "others")).error).toBeNull();
    expect((await callAuth(platform, "/user", { bearer: other.access_token })).status).toBe(403);
    expect((await callAuth(platform, "/user", { bearer: session.access_token })).status).toBe(200);
    await admin().signOut(session.access_token, "global");
    expect((await callAuth(platform, "/user", { bearer: session.access_token })).status).toBe(403);
  });
});
