import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAccount, newEmail, PASSWORD, signedIn } from "./lib/accounts.ts";
import { errorSchema, userPageSchema, userSchema } from "./lib/auth-schemas.ts";
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

describe("who may use the admin API", () => {
  test.each([
    ["GET", "/admin/users"],
    ["POST", "/admin/users"],
    ["GET", "/admin/users/00000000-0000-4000-8000-000000000001"],
    ["PUT", "/admin/users/00000000-0000-4000-8000-000000000001"],
    ["DELETE", "/admin/users/00000000-0000-4000-8000-000000000001"],
    ["POST", "/admin/generate_link"],
    ["POST", "/invite"],
  ])("%s %s: 403 for the publishable key and for users", async (method, path) => {
    const { session } = await signedIn(platform);
    for (const bearer of [undefined, session.access_token]) {
      const more = bearer === undefined ? {} : { bearer };
      const response = await callAuth(platform, path, { method, ...more });
      expect([response.status, await parsed(response, errorSchema)]).toEqual([
        403,
        { code: "not_admin", message: "User not allowed" },
      ]);
    }
  });

  test("a user's token beside the secret key makes it that user's request", async () => {
    const { session } = await signedIn(platform);
    const response = await callAdmin(platform, "/admin/users", { bearer: session.access_token });
    expect(response.status).toBe(403);
  });
});

describe("createUser", () => {
  test("makes an account that can sign in, with metadata and role", async () => {
    const email = newEmail();
    const { data, error } = await admin().createUser({
      email: email.toUpperCase(),
      password: PASSWORD,
      email_confirm: true,
      user_metadata: { first_name: "Ada" },
      app_metadata: { tier: 1 },
    });
    expect(error).toBeNull();
    expect(userSchema.parse(data.user)).toMatchObject({
      email,
      user_metadata: { first_name: "Ada", email_verified: true },
      app_metadata: { tier: 1, provider: "email", providers: ["email"] },
      identities: [{ provider: "email", identity_data: { email, sub: data.user?.id } }],
    });
    expect(await refused(email)).toBeNull();
  });

  test("without email_confirm nobody signs in until the address is confirmed", async () => {
    const email = newEmail();
    await admin().createUser({ email, password: PASSWORD });
    expect(await refused(email)).toMatchObject({ code: "email_not_confirmed" });
  });

  test("without a password nobody signs in with one", async () => {
    const email = newEmail();
    await admin().createUser({ email, email_confirm: true });
    expect(await refused(email)).toMatchObject({ code: "invalid_credentials" });
  });

  test("takes the id and a bcrypt hash from another system", async () => {
    const email = newEmail();
    const id = crypto.randomUUID();
    const [row] = await platform.sql<{ hash: string }[]>`
      select extensions.crypt(${PASSWORD}, extensions.gen_salt('bf', 5)) as hash`;
    const { data } = await admin().createUser({
      id,
      email,
      password_hash: row?.hash.replace("$2a$", "$2b$") ?? "",
      email_confirm: true,
    });
    expect(data.user?.id).toBe(id);
    expect(await refused(email)).toBeNull();
  });

  test("an address that is taken, in any case: 422 email_exists", async () => {
    const { email } = await createAccount(platform);
    const { data, error } = await admin().createUser({ email: email.toUpperCase() });
    expect(data.user).toBeNull();
    expect(error).toMatchObject({ status: 422, code: "email_exists" });
  });

  test.each([
    [{}, "Cannot create a user without either an email or phone"],
    [{ email: "nonsense" }, "Unable to validate email address: invalid format"],
    [{ email: "a@b.co", id: "7" }, "ID must conform to the uuid v4 format"],
    [{ email: "a@b.co", ban_duration: "soon" }, "invalid format for ban duration"],
  ])("%j: 400", async (body, message) => {
    const response = await callAdmin(platform, "/admin/users", { body });
    expect(response.status).toBe(400);
    const error = await parsed(response, errorSchema);
    expect(error.code).toBe("validation_failed");
    expect(error.message).toContain(message);
  });

  test("what a trigger refuses: 500 with one fixed sentence, and no account", async () => {
    await platform.sql`create function public.refuse() returns trigger language plpgsql
      as $$ begin if new.email like 'refused-%' then raise exception 'secret detail'; end if; return new; end $$`;
    await platform.sql`create trigger refuse before insert on auth.users
      for each row execute function public.refuse()`;
    const email = `refused-${newEmail()}`;
    const response = await callAdmin(platform, "/admin/users", { body: { email } });
    expect([response.status, await parsed(response, errorSchema)]).toEqual([
      500,
      { code: "unexpected_failure", message: "Database error saving new user" },
    ]);
    expect(await platform.sql`select from auth.users where email = ${email}`).toHaveLength(0);
    await platform.sql`drop trigger refuse on auth.users`;
  });
});

describe("listUsers", () => {
  test("pages, newest first, with total and links", async () => {
    for (let index = 0; index < 3; index += 1) await createAccount(platform);
    const all = await callAdmin(platform, "/admin/users?per_page=1000");
    const { users } = await parsed(all, userPageSchema);
    const created = users.map(({ created_at }) => created_at);
    expect(created).toEqual([...created].sort().reverse());
    const page = await callAdmin(platform, "/admin/users?page=2&per_page=2");
    expect((await parsed(page, userPageSchema)).users.map(({ id }) => id)).toEqual(
      users.slice(2, 4).map(({ id }) => id),
    );
    expect(page.headers.get("x-total-count")).toBe(String(users.length));
    expect(page.headers.get("link")).toContain('page=3&per_page=2>; rel="next"');
  });

  test("supabase-js reads the pages", async () => {
    const { data } = await admin().listUsers({ page: 1, perPage: 2 });
    expect(data).toMatchObject({ nextPage: 2, total: expect.any(Number) });
    expect("lastPage" in data && data.lastPage).toBe(
      Math.ceil(("total" in data ? data.total : 0) / 2),
    );
    const last = await admin().listUsers({ page: 10_000, perPage: 2 });
    expect(last.data.users).toEqual([]);
  });

  test("a page that is no number: 400", async () => {
    expect((await callAdmin(platform, "/admin/users?page=x")).status).toBe(400);
  });
});

describe("getUserById", () => {
  test("answers the account; an unknown id 404; no id 400", async () => {
    const { id, email } = await createAccount(platform);
    expect((await admin().getUserById(id)).data.user?.email).toBe(email);
    const unknown = await callAdmin(platform, `/admin/users/${crypto.randomUUID()}`);
    expect([unknown.status, await parsed(unknown, errorSchema)]).toEqual([
      404,
      { code: "user_not_found", message: "User not found" },
    ]);
    const wrong = await callAdmin(platform, "/admin/users/me");
    expect([wrong.status, (await parsed(wrong, errorSchema)).code]).toEqual([
      400,
      "validation_failed",
    ]);
  });
});
