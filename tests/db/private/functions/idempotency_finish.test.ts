import { expect } from "vitest";
import { expectDenied, test, user } from "../../../helpers/db.ts";
import { createUser } from "../../../helpers/db-fixtures.ts";

test("an answer is kept for 48 hours under its caller", async ({ db }) => {
  const id = await createUser(db);
  await db.as(user(id), (sql) => sql`select private.idempotency_finish('k', 'f', 204, '{}', null)`);
  const [row] = await db.sql`
    select caller, status, body, expires_at - created_at = interval '48 hours' as is_two_days
    from private.idempotency_keys where caller = ${id}`;
  expect(row).toEqual({ caller: id, status: 204, body: null, is_two_days: true });
});

test("a second answer to the same key is refused", async ({ db }) => {
  const id = await createUser(db);
  const does = (sql: typeof db.sql) =>
    sql`select private.idempotency_finish('k', 'f', 200, '{}', 'x')`;
  await db.as(user(id), does);
  await expectDenied(db, "23505", {
    as: user(id),
    does,
    keeps: (sql) => sql`select * from private.idempotency_keys where caller = ${id}`,
  });
});

test("a status that is none and an over-long key are refused", async ({ db }) => {
  const id = await createUser(db);
  const keeps = (sql: typeof db.sql) =>
    sql`select * from private.idempotency_keys where caller = ${id}`;
  await expectDenied(db, "23514", {
    as: user(id),
    does: (sql) => sql`select private.idempotency_finish('k', 'f', 99, '{}', null)`,
    keeps,
  });
  await expectDenied(db, "23514", {
    as: user(id),
    does: (sql) => sql`select private.idempotency_finish(${"k".repeat(256)}, 'f', 200, '{}', null)`,
    keeps,
  });
});
