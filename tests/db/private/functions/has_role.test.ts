import { expect } from "vitest";
import { anon, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createStaff, createUser } from "../../../helpers/db-fixtures.ts";

const has = async (db: Parameters<typeof createUser>[0], id: string, ...roles: string[]) => {
  const [row] = await db.as(
    user(id),
    (sql) => sql`select private.has_role(variadic ${roles}::text[]::public.staff_role[]) as has`,
  );
  return row?.has;
};

test("a role counts as soon as it is there, and no longer than it is", async ({ db }) => {
  const id = await createStaff(db, "reviewer");
  expect(await has(db, id, "reviewer")).toBe(true);
  expect(await has(db, id, "support", "reviewer")).toBe(true);
  await db.sql`delete from private.user_roles where user_id = ${id}`;
  expect(await has(db, id, "reviewer")).toBe(false);
});

test("no role contains another", async ({ db }) => {
  const admin = await createStaff(db, "admin");
  for (const role of ["support", "reviewer", "approver", "compliance_admin", "auditor"]) {
    expect(await has(db, admin, role), role).toBe(false);
  }
});

test("a suspended or deleted member of staff has none", async ({ db }) => {
  for (const flag of [{ suspended_at: "2026-01-01" }, { is_soft_deleted: true }]) {
    const id = await createStaff(db, "reviewer");
    await db.sql`update public.profiles set ${db.sql(flag)} where user_id = ${id}`;
    expect(await has(db, id, "reviewer")).toBe(false);
  }
});

test("people without a role have none, a key has none, anonymous callers may not ask", async ({
  db,
}) => {
  expect(await has(db, await createUser(db), "reviewer")).toBe(false);
  const [row] = await db.as(service, (sql) => sql`select private.has_role('admin') as has`);
  expect(row).toEqual({ has: false });
  await expectDenied(db, "42501", {
    as: anon,
    does: (sql) => sql`select private.has_role('admin')`,
    keeps: (sql) => sql`select count(*) from private.user_roles`,
  });
});
