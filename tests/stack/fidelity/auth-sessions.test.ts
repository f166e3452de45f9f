import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAccount, PASSWORD, signedIn, signIn } from "./lib/accounts.ts";
import { errorSchema, tokenResponseSchema, userSchema } from "./lib/auth-schemas.ts";
import { type Platform, startPlatform } from "./lib/platform.ts";
import { callAuth, parsed } from "./lib/raw-auth.ts";

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.dispose());

const refresh = (token: string) =>
  callAuth(platform, "/token?grant_type=refresh_token", { body: { refresh_token: token } });

async function refreshed(token: string) {
  return parsed(await refresh(token), tokenResponseSchema);
}

/** Makes what happened to a session look older. */
async function age(sessionId: unknown, interval: string): Promise<void> {
  await platform.sql`
    update auth.sessions set created_at = created_at - ${interval}::interval,
      refreshed_at = refreshed_at - ${interval}::interval
    where id = ${String(sessionId)}`;
  await platform.sql`
    update auth.refresh_tokens set updated_at = updated_at - ${interval}::interval
    where session_id = ${String(sessionId)}`;
}

const sessionIdOf = (token: string) => decodeJwt(token).session_id;

describe("signing in with a password", () => {
  test("answers tokens and the account; the account notes when", async () => {
    const { email } = await createAccount(platform);
    const response = await callAuth(platform, "/token?grant_type=password", {
      body: { email: email.toUpperCase(), password: PASSWORD },
    });
    const answer = await parsed(response, tokenResponseSchema);
    expect(answer.expires_in).toBe(900);
    expect(answer.user.last_sign_in_at).toBeDefined();
    expect(answer).not.toHaveProperty("weak_password");
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  test("an unknown address and a wrong password answer the same", async () => {
    const { email } = await createAccount(platform);
    const tries = await Promise.all(
      [
        { email, password: "wrong" },
        { email: "nobody@example.com", password: PASSWORD },
      ].map((body) => callAuth(platform, "/token?grant_type=password", { body })),
    );
    const answers = await Promise.all(tries.map((each) => parsed(each, errorSchema)));
    expect(answers[0]).toEqual({
      code: "invalid_credentials",
      message: "Invalid login credentials",
    });
    expect(answers[1]).toEqual(answers[0]);
    expect(tries.map(({ status }) => status)).toEqual([400, 400]);
  });

  test("a password that today's rules would refuse still signs in, and is called weak", async () => {
    const { id, email } = await createAccount(platform);
    await platform.sql`
      update auth.users set encrypted_password = extensions.crypt('weak', extensions.gen_salt('bf', 4))
      where id = ${id}`;
    const body = { email, password: "weak" };
    const response = await callAuth(platform, "/token?grant_type=password", { body });
    const answer = await parsed(response, tokenResponseSchema);
    expect(answer.weak_password?.reasons).toEqual(["length", "characters"]);
  });

  test.each([
    ["?grant_type=password", {}, "validation_failed"],
    ["?grant_type=magic", {}, "invalid_credentials"],
    ["", {}, "invalid_credentials"],
  ])("/token%s with %j: 400 %s", async (query, body, code) => {
    const response = await callAuth(platform, `/token${query}`, { body });
    expect([response.status, (await parsed(response, errorSchema)).code]).toEqual([400, code]);
  });
});

describe("refresh tokens rotate", () => {
  test("each works once and gives the next; the session and its proof stay", async () => {
    const { session } = await signedIn(platform);
    const next = await refreshed(session.refresh_token);
    expect(next.refresh_token).not.toBe(session.refresh_token);
    expect(sessionIdOf(next.access_token)).toBe(sessionIdOf(session.access_token));
    expect(decodeJwt(next.access_token).amr).toEqual(decodeJwt(session.access_token).amr);
  });

  test("a client that lost the answer gets the same next token again, however late", async () => {
    const { session } = await signedIn(platform);
    const next = await refreshed(session.refresh_token);
    await age(sessionIdOf(session.access_token), "1 hour");
    expect((await refreshed(session.refresh_token)).refresh_token).toBe(next.refresh_token);
  });

  test("refreshing twice at once ends in one family", async () => {
    const { session } = await signedIn(platform);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => refreshed(session.refresh_token)),
    );
    expect(new Set(answers.map((answer) => answer.refresh_token)).size).toBe(1);
  });

  test("an older token, after the reuse interval, is theft: the whole family ends", async () => {
    const { session } = await signedIn(platform);
    const second = await refreshed(session.refresh_token);
    const third = await refreshed(second.refresh_token);
    await age(sessionIdOf(session.access_token), "1 minute");
    const stolen = await refresh(session.refresh_token);
    expect(stolen.status).toBe(400);
    expect((await parsed(stolen, errorSchema)).code).toBe("refresh_token_already_used");
    // The reuse interval counts from the end of the family, too.
    await age(sessionIdOf(session.access_token), "1 minute");
    const after = await refresh(third.refresh_token);
    expect([after.status, (await parsed(after, errorSchema)).code]).toEqual([
      400,
      "refresh_token_already_used",
    ]);
  });

  test("an unknown token: 400 refresh_token_not_found; none: the OAuth error", async () => {
    const unknown = await refresh("abcdefghijkl");
    expect((await parsed(unknown, errorSchema)).code).toBe("refresh_token_not_found");
    const none = await callAuth(platform, "/token?grant_type=refresh_token", { body: {} });
    expect([none.status, await none.json()]).toEqual([
      400,
      { error: "invalid_request", error_description: "refresh_token required" },
    ]);
  });

  test.each([
    ["older than its time box", "25 hours", "Invalid Refresh Token: Session Expired"],
    ["unused for too long", "9 hours", "Invalid Refresh Token: Session Expired (Inactivity)"],
  ])("a session that is %s can't be refreshed", async (_, interval, message) => {
    const { session } = await signedIn(platform);
    await age(sessionIdOf(session.access_token), interval);
    const response = await refresh(session.refresh_token);
    expect([response.status, await parsed(response, errorSchema)]).toEqual([
      400,
      { code: "session_expired", message },
    ]);
  });
});

describe("signing out", () => {
  test("ends this session, the others, or all of them", async () => {
    const { email, client, session } = await signedIn(platform);
    const second = platform.client();
    const third = platform.client();
    const other = await signIn(second, email);
    const last = await signIn(third, email);
    expect((await client.auth.signOut({ scope: "local" })).error).toBeNull();
    expect((await refresh(session.refresh_token)).status).toBe(400);
    expect((await refresh(other.refresh_token)).status).toBe(200);
    await third.auth.signOut({ scope: "others" });
    expect((await second.auth.getUser(other.access_token)).error).toMatchObject({
      name: "AuthSessionMissingError",
    });
    expect((await refresh(last.refresh_token)).status).toBe(200);
    await third.auth.signOut({ scope: "global" });
    const ended = await callAuth(platform, "/user", { bearer: last.access_token });
    expect(ended.status).toBe(403);
    expect((await parsed(ended, errorSchema)).code).toBe("session_not_found");
  });

  test("answers 204 without a body, and refuses an unknown scope", async () => {
    const { session } = await signedIn(platform);
    const bearer = session.access_token;
    const wrong = await callAuth(platform, "/logout?scope=mine", { method: "POST", bearer });
    expect(wrong.status).toBe(400);
    const response = await callAuth(platform, "/logout", { method: "POST", bearer });
    expect([response.status, await response.text()]).toEqual([204, ""]);
  });
});

describe("the signed-in account", () => {
  test("can be read with its token, not with an API key or nothing", async () => {
    const { id, session } = await signedIn(platform);
    const mine = await callAuth(platform, "/user", { bearer: session.access_token });
    expect((await parsed(mine, userSchema)).id).toBe(id);
    const nobody = await callAuth(platform, "/user");
    expect([nobody.status, (await parsed(nobody, errorSchema)).code]).toEqual([
      401,
      "no_authorization",
    ]);
  });

  test("is gone with its account, although the token has not expired", async () => {
    const { id, session } = await signedIn(platform);
    await platform.admin().auth.admin.deleteUser(id);
    const response = await callAuth(platform, "/user", { bearer: session.access_token });
    expect([response.status, (await parsed(response, errorSchema)).code]).toEqual([
      403,
      "user_not_found",
    ]);
  });

  test("metadata is merged; null removes a member; app_metadata is not the user's", async () => {
    const { client, session } = await signedIn(platform);
    await client.auth.updateUser({ data: { a: 1, b: 2 } });
    const { data } = await client.auth.updateUser({ data: { a: null, c: 3 } });
    expect(data.user?.user_metadata).toMatchObject({ b: 2, c: 3 });
    expect(data.user?.user_metadata).not.toHaveProperty("a");
    const forbidden = await callAuth(platform, "/user", {
      method: "PUT",
      bearer: session.access_token,
      body: { app_metadata: { role: "admin" } },
    });
    expect([forbidden.status, (await parsed(forbidden, errorSchema)).code]).toEqual([
      403,
      "not_admin",
    ]);
    expect((await client.auth.getUser()).data.user?.app_metadata).not.toHaveProperty("role");
  });
});
