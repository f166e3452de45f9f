import { expect } from "vitest";
import { expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createStaff, createUser } from "../../../helpers/db-fixtures.ts";

test("a person sees the own roles only", async ({ db }) => {
  const staff = await createStaff(db, "approver", "support");
  const rolesOf = async (id: string) => {
    const [row] = await db.as(user(id), (sql) => sql`select private.my_roles()::text[] as roles`);
    return row?.roles;
  };
  expect(await rolesOf(staff)).toEqual(["support", "approver"]);
  expect(await rolesOf(await createUser(db))).toEqual([]);
});

test("a backend cannot ask, and nobody reads the table", async ({ db }) => {
  const staff = await createStaff(db, "approver");
  const keeps = (sql: typeof db.sql) =>
    sql`select * from private.user_roles where user_id = ${staff}`;
  await expectDenied(db, "42501", {
    as: service,
    does: (sql) => sql`select private.my_roles()`,
    keeps,
  });
  await expectDenied(db, "42501", {
    as: user(staff),
    does: (sql) => sql`select * from private.user_roles`,
    keeps,
  });
  await expectDenied(db, "42501", {
    as: user(staff),
    does: (sql) => sql`insert into private.user_roles (user_id, role) values (${staff}, 'admin')`,
    keeps,
  });
});
