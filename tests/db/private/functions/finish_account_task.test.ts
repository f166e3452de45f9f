import { expect } from "vitest";
import { type Db, service, test } from "../../../helpers/db.ts";
import { createUser } from "../../../helpers/db-fixtures.ts";

const task = async (db: Db, id: string) => {
  const [row] = await db.sql<{ generation: number }[]>`
    select generation from private.account_tasks where user_id = ${id} and task = 'access'`;
  return row ?? null;
};

const finish = (db: Db, id: string, generation: number) =>
  db.as(service, (sql) => sql`select private.finish_account_task(${id}, 'access', ${generation})`);

const suspend = (db: Db, id: string, at: string | null) =>
  db.sql`update public.profiles set suspended_at = ${at} where user_id = ${id}`;

const ban = (db: Db, id: string, until: string | null) =>
  db.sql`update auth.users set banned_until = ${until} where id = ${id}`;

test("a task goes when Auth has done it", async ({ db }) => {
  const id = await createUser(db);
  await suspend(db, id, "2026-01-01");
  await ban(db, id, "2099-01-01");
  await finish(db, id, 1);
  expect(await task(db, id)).toBeNull();
});

test("an answer to an older request does not end a newer one", async ({ db }) => {
  const id = await createUser(db);
  await suspend(db, id, "2026-01-01");
  await suspend(db, id, null);
  await suspend(db, id, "2026-01-01");
  await ban(db, id, "2099-01-01");
  await finish(db, id, 1);
  expect(await task(db, id)).toEqual({ generation: 3 });
});

test("a late ban of an account that was let in again is undone", async ({ db }) => {
  const id = await createUser(db);
  await suspend(db, id, "2026-01-01");
  await suspend(db, id, null);
  await finish(db, id, 2);
  expect(await task(db, id)).toBeNull();
  // The call of the first request reaches Auth only now.
  await ban(db, id, "2099-01-01");
  await finish(db, id, 1);
  expect(await task(db, id)).toEqual({ generation: 1 });
});
