import { expect } from "vitest";
import { expectDenied, test, user } from "../../../helpers/db.ts";
import { createStaff, createUser } from "../../../helpers/db-fixtures.ts";

test("staff with one of the roles gets its own id", async ({ db }) => {
  const id = await createStaff(db, "auditor");
  const [row] = await db.as(
    user(id),
    (sql) => sql`select private.require_role('reviewer', 'auditor') as id`,
  );
  expect(row).toEqual({ id });
});

test("everybody else is refused", async ({ db }) => {
  for (const id of [await createUser(db), await createStaff(db, "support")]) {
    await expectDenied(db, "NF010", {
      as: user(id),
      does: (sql) => sql`select private.require_role('reviewer', 'auditor')`,
      keeps: (sql) => sql`select * from private.user_roles where user_id = ${id}`,
    });
  }
});
