import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { type Db, expectDenied, test, user } from "../../../helpers/db.ts";
import { createStaff, createUser } from "../../../helpers/db-fixtures.ts";

const versionOf = async (db: Db, admin: string, id: string) => {
  const [row] = await db.as(
    user(admin),
    (sql) => sql`select private.user_version(${id}) as version`,
  );
  return row?.version;
};

test("it counts what happens to the profile, the address and the roles", async ({ db }) => {
  const [admin, id] = [await createStaff(db, "admin"), await createUser(db)];
  expect(await versionOf(db, admin, id)).toBe(1);
  await db.sql`update public.profiles set first_name = 'Ada' where user_id = ${id}`;
  expect(await versionOf(db, admin, id)).toBe(2);
  await db.as(
    user(admin),
    (sql) => sql`select private.put_user_roles(${id}, '["support"]', null, 2)`,
  );
  expect(await versionOf(db, admin, id)).toBe(3);
});

test("an unknown person is not found; others than administrators learn nothing", async ({ db }) => {
  const id = await createUser(db);
  const keeps = (sql: Db["sql"]) => sql`select user_id, version from public.profiles order by 1`;
  await expectDenied(db, "NF020", {
    as: user(await createStaff(db, "admin")),
    does: (sql) => sql`select private.user_version(${randomUUID()})`,
    keeps,
  });
  for (const caller of [id, await createStaff(db, "support", "reviewer", "approver", "auditor")]) {
    await expectDenied(db, "NF010", {
      as: user(caller),
      does: (sql) => sql`select private.user_version(${id})`,
      keeps,
    });
  }
});
