import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { expectDenied, test, user } from "../../../helpers/db.ts";
import { createUser } from "../../../helpers/db-fixtures.ts";

test("a person in good standing gets the own id", async ({ db }) => {
  const id = await createUser(db);
  const [row] = await db.as(user(id), (sql) => sql`select private.require_account() as id`);
  expect(row).toEqual({ id });
});

test("a suspended, a deleted and an unknown person are refused", async ({ db }) => {
  const [suspended, deleted] = [await createUser(db), await createUser(db)];
  await db.sql`update public.profiles set suspended_at = now() where user_id = ${suspended}`;
  await db.sql`update public.profiles set is_soft_deleted = true where user_id = ${deleted}`;
  for (const id of [suspended, deleted, randomUUID()]) {
    await expectDenied(db, "NF012", {
      as: user(id),
      does: (sql) => sql`select private.require_account()`,
      keeps: (sql) => sql`select * from public.profiles where user_id = ${id}`,
    });
  }
});

test("a token without a subject is nobody", async ({ db }) => {
  await expect(
    db.sql.savepoint(async (sql) => {
      await sql`select set_config('role', 'authenticated', true),
        set_config('request.jwt.claims', '{"role": "authenticated"}', true)`;
      await sql`select private.require_account()`;
    }),
  ).rejects.toMatchObject({ code: "NF010" });
});
