import { describe, expect } from "vitest";
import { type Caller, type Db, expectDenied, machine, operator, test } from "../../helpers/db.ts";
import { createPerson, createStaff } from "../../helpers/db-fixtures.ts";
import { createKey } from "../../helpers/db-operators.ts";

/** Everybody who can act as `nff_operator`, and what the policies let them do. */
const CALLERS = {
  administrator: { select: true, update: "everybody" },
  "key with both scopes": { select: true, update: "customers" },
  "key that reads": { select: true, update: "nobody" },
  "key that writes": { select: true, update: "customers" },
  "key that is revoked": { select: false, update: "nobody" },
  "key that has expired": { select: false, update: "nobody" },
  "claims of no key": { select: false, update: "nobody" },
  "other staff": { select: false, update: "nobody" },
  customer: { select: false, update: "nobody" },
} as const;

type CallerName = keyof typeof CALLERS;

async function callerOf(db: Db, name: CallerName): Promise<Caller> {
  const key = async (scopes: string[]) => (await createKey(db, { scopes })).keyId;
  switch (name) {
    case "administrator":
      return operator(await createStaff(db, "admin"));
    case "key with both scopes":
      return machine(await key(["users:read", "users:write"]));
    case "key that reads":
      return machine(await key(["users:read"]));
    case "key that writes":
      return machine(await key(["users:write"]));
    case "key that is revoked": {
      const keyId = await key(["users:read", "users:write"]);
      await db.sql`update private.machine_keys set revoked_at = now(), revoked_by = created_by where key_id = ${keyId}`;
      return machine(keyId);
    }
    case "key that has expired": {
      const keyId = await key(["users:read", "users:write"]);
      await db.sql`update private.machine_keys set expires_at = private.now() where key_id = ${keyId}`;
      return machine(keyId);
    }
    case "claims of no key":
      return machine("019a9f41-3c55-7d02-9a1b-2c3d4e5f6071");
    case "other staff":
      return operator(
        await createStaff(db, "support", "reviewer", "approver", "compliance_admin", "auditor"),
      );
    case "customer":
      return operator(await createPerson(db));
  }
}

const NAMES: readonly CallerName[] = [
  "administrator",
  "key with both scopes",
  "key that reads",
  "key that writes",
  "key that is revoked",
  "key that has expired",
  "claims of no key",
  "other staff",
  "customer",
];

describe.for(NAMES)("%s", (name) => {
  test("reads and writes through policies", async ({ db }) => {
    const { select, update } = CALLERS[name];
    const [customer, staff] = [await createPerson(db), await createPerson(db)];
    await db.sql`insert into private.user_roles (user_id, role) values (${staff}, 'support')`;
    const caller = await callerOf(db, name);
    const met = await db.as(caller, async (sql) => ({
      profiles: (await sql`select from public.profiles where user_id in (${customer}, ${staff})`)
        .count,
      addresses: (await sql`select from public.addresses where user_id in (${customer}, ${staff})`)
        .count,
      customer: (
        await sql`update public.profiles set first_name = 'Eve' where user_id = ${customer}`
      ).count,
      customerAddress: (
        await sql`update public.addresses set city = 'Rome' where user_id = ${customer}`
      ).count,
      staff: (await sql`update public.profiles set middle_name = 'Eve' where user_id = ${staff}`)
        .count,
      staffAddress: (await sql`update public.addresses set city = 'Rome' where user_id = ${staff}`)
        .count,
    }));
    const [customers, everybody] = [update === "nobody" ? 0 : 1, update === "everybody" ? 1 : 0];
    expect(met).toEqual({
      profiles: select ? 2 : 0,
      addresses: select ? 2 : 0,
      customer: customers,
      customerAddress: customers,
      staff: everybody,
      staffAddress: everybody,
    });
  });
});

test("an update without a condition meets no more rows than one with", async ({ db }) => {
  const staff = await createPerson(db);
  await db.sql`insert into private.user_roles (user_id, role) values (${staff}, 'support')`;
  await db.as(
    await callerOf(db, "key that writes"),
    (sql) => sql`update public.profiles set first_name = 'Eve'`,
  );
  const [row] = await db.sql`select first_name from public.profiles where user_id = ${staff}`;
  expect(row).toEqual({ first_name: "Anna" });
});

const profile = (id: string) => (sql: Db["sql"]) =>
  sql`select * from public.profiles where user_id = ${id}`;

test.for([
  "email = 'eve@example.com'",
  "phone = '+4930123456'",
  "suspended_at = now()",
  "version = 1",
  "user_id = gen_random_uuid()",
  "created_at = now()",
  "updated_at = now()",
])("nobody sets %s of a profile", async (assignment, { db }) => {
  const id = await createPerson(db);
  await expectDenied(db, "42501", {
    as: await callerOf(db, "administrator"),
    does: (sql) => sql.unsafe(`update public.profiles set ${assignment} where user_id = '${id}'`),
    keeps: profile(id),
  });
});

test("nobody removes people, makes them, or reaches another table", async ({ db }) => {
  const id = await createPerson(db);
  const as = await callerOf(db, "administrator");
  for (const statement of [
    `delete from public.profiles where user_id = '${id}'`,
    `delete from public.addresses where user_id = '${id}'`,
    "insert into public.profiles (user_id) values (gen_random_uuid())",
    "select from public.consents",
    "select from public.kyc_verifications",
    "select from public.kyc_documents",
    "select from private.user_roles",
    "select from private.machine_keys",
    "select from private.account_changes",
    "select from private.audit_log",
    "select from private.idempotency_keys",
    "select from auth.users",
    "select private.audit_append('user:x', 'staff', 'x', 'user.created', 'user', 'x')",
  ]) {
    await expectDenied(db, "42501", {
      as,
      does: (sql) => sql.unsafe(statement),
      keeps: profile(id),
    });
  }
});

test("an operator's act in the audit is one of its acts, by itself", async ({ db }) => {
  const id = await createPerson(db);
  await expectDenied(db, "NF010", {
    as: await callerOf(db, "administrator"),
    does: (sql) => sql`select private.audit_person(${id}, 'user.created')`,
    keeps: (sql) => sql`select * from private.audit_log where stream = ${`user:${id}`}`,
  });
});

test("the role is out of reach of tokens: the Data API cannot become it", async ({ db }) => {
  const members = await db.sql<{ name: string }[]>`
    select member.rolname::text as name from pg_auth_members as m
    join pg_roles as member on member.oid = m.member
    where m.roleid = 'nff_operator'::regrole and m.set_option`;
  expect(new Set(members.map(({ name }) => name))).toEqual(new Set(["postgres"]));
});

test("the role can call exactly these functions", async ({ db }) => {
  const found = await db.sql<{ name: string }[]>`
    select proname::text as name from pg_proc
    where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
      and has_function_privilege('nff_operator', oid, 'execute')
    order by 1`;
  expect(found.map(({ name }) => name)).toEqual([
    "audit_people_read",
    "audit_person",
    "authenticate_machine_key",
    "check_person",
    "check_row",
    "find_users",
    "flag_person",
    "idempotency_begin",
    "idempotency_finish",
    "is_plain_text",
    "is_session_alive",
    "iso",
    "lock_person",
    "may_change_person",
    "may_operate",
    "nff_create_user",
    "nff_get_user",
    "nff_list_users",
    "nff_permanently_delete_user",
    "nff_reactivate_user",
    "nff_soft_delete_user",
    "nff_update_user",
    "nff_user_json",
    "now",
    "person_members",
    "request_account_change",
    "require_operator",
    "resume_account_change",
    "settle_account_change",
    "uuid_v7",
    "write_person",
  ]);
});
