import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { anon, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createUser } from "../../../helpers/db-fixtures.ts";

test("a person gets the own id, a suspended one too", async ({ db }) => {
  const id = await createUser(db);
  const ask = () => db.as(user(id), (sql) => sql`select private.require_reader() as id`);
  expect([...(await ask())]).toEqual([{ id }]);
  await db.sql`update public.profiles set suspended_at = now() where user_id = ${id}`;
  expect([...(await ask())]).toEqual([{ id }]);
});

test("a deleted and an unknown person read nothing", async ({ db }) => {
  const deleted = await createUser(db);
  await db.sql`update public.profiles set is_soft_deleted = true where user_id = ${deleted}`;
  for (const statement of [
    "private.require_reader()",
    "private.kyc_projection()",
    "private.list_my_consents()",
    `private.kyc_get_verification('${randomUUID()}')`,
    `private.kyc_timeline('${randomUUID()}', 1)`,
  ]) {
    for (const id of [deleted, randomUUID()]) {
      await expectDenied(db, "NF012", {
        as: user(id),
        does: (sql) => sql.unsafe(`select ${statement}`),
        keeps: (sql) => sql`select * from public.profiles where user_id = ${id}`,
      });
    }
  }
});

test("anonymous callers and backends cannot ask", async ({ db }) => {
  for (const as of [anon, service]) {
    await expectDenied(db, "42501", {
      as,
      does: (sql) => sql`select private.require_reader()`,
      keeps: (sql) => sql`select count(*) from public.profiles`,
    });
  }
});
