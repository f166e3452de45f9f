import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { expect } from "vitest";
import { Db, expectDenied, operator, service, test, user } from "../../../helpers/db.ts";
import { createStaff, createUser } from "../../../helpers/db-fixtures.ts";

async function hook(db: Db, event: object): Promise<Record<string, unknown>> {
  const outcome: { event?: Record<string, unknown> } = {};
  await db.sql.savepoint(async (sql) => {
    const [row] = await sql<{ event: Record<string, unknown> }[]>`
      select private.custom_access_token_hook(${sql.json({ ...event })}) as event`;
    if (row) outcome.event = row.event;
  });
  return outcome.event ?? {};
}

const claims = (sub: string) => ({
  iss: "http://127.0.0.1:54321/auth/v1",
  aud: "authenticated",
  exp: 1_800_000_000,
  iat: 1_799_999_100,
  sub,
  role: "authenticated",
  aal: "aal1",
  session_id: randomUUID(),
  email: "ada@example.com",
  phone: "",
  is_anonymous: false,
  app_metadata: { provider: "email" },
  user_metadata: {},
  amr: [{ method: "password", timestamp: 1_799_999_100 }],
});

test("the roles are added, and nothing else changes", async ({ db }) => {
  const id = await createStaff(db, "reviewer", "approver");
  const event = { user_id: id, claims: claims(id), authentication_method: "password" };
  expect(await hook(db, event)).toEqual({
    ...event,
    claims: { ...event.claims, user_roles: ["reviewer", "approver"] },
  });
});

test("whoever is no staff has an empty list", async ({ db }) => {
  const id = await createUser(db);
  expect(await hook(db, { user_id: id, claims: claims(id) })).toMatchObject({
    claims: { user_roles: [] },
  });
});

test.for([
  [{ user_id: "no uuid", claims: { sub: "x" } }],
  [{ claims: { sub: "x" } }],
  [{ user_id: randomUUID() }],
  [{}],
])("nothing that Auth could send makes it fail: %j", async ([event], { db }) => {
  expect(await hook(db, event ?? {})).toMatchObject(event ?? {});
});

test("roles that cannot be read do not keep anybody out", async ({ db }) => {
  const id = await createStaff(db, "reviewer");
  const event = { user_id: id, claims: claims(id) };
  await db.sql`alter table private.user_roles rename to hidden_roles`;
  expect(await hook(db, event)).toEqual(event);
});

test("Auth sees the roles in its own role, under the policy", async ({ database }) => {
  // Nobody but the superuser can become Auth.
  const admin = postgres(database.adminUrl, { max: 1, onnotice: () => {} });
  const undo = new Error("undo");
  await admin
    .begin(async (sql) => {
      const id = await createStaff(new Db(sql), "auditor");
      await sql`set local role supabase_auth_admin`;
      expect(await hook(new Db(sql), { user_id: id, claims: claims(id) })).toMatchObject({
        claims: { user_roles: ["auditor"] },
      });
      throw undo;
    })
    .catch((error: unknown) => expect(error).toBe(undo))
    .finally(() => admin.end());
});

test("Auth may call it and read what it reads, the API roles may not", async ({ db }) => {
  const [rights] = await db.sql`
    select has_function_privilege('supabase_auth_admin', 'private.custom_access_token_hook(jsonb)', 'execute') as calls,
      has_schema_privilege('supabase_auth_admin', 'private', 'usage') as enters,
      has_column_privilege('supabase_auth_admin', 'private.user_roles', 'role', 'select') as reads,
      has_any_column_privilege('supabase_auth_admin', 'private.user_roles', 'insert, update') as writes`;
  expect(rights).toEqual({ calls: true, enters: true, reads: true, writes: false });
  const admin = await createStaff(db, "admin");
  for (const as of [user(admin), operator(admin), service]) {
    await expectDenied(db, "42501", {
      as,
      does: (sql) => sql`select private.custom_access_token_hook('{}')`,
      keeps: (sql) => sql`select * from private.user_roles order by 1, 2`,
    });
  }
});
