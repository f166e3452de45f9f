import { expect } from "vitest";
import { type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createStaff, createUser } from "../../../helpers/db-fixtures.ts";
import { createSession } from "../../../helpers/db-operators.ts";

interface Task {
  user_id: string;
  task: string;
  generation: number;
  email: string;
  is_blocked: boolean;
  is_wanted: boolean;
}

const claim = async (db: Db, userId: string | null = null) =>
  db.as(service, async (sql) => [
    ...(await sql<Task[]>`select * from private.claim_account_tasks(100, ${userId})`),
  ]);

const tasksOf = async (db: Db, userId: string) =>
  (await claim(db)).filter((task) => task.user_id === userId);

const suspend = (db: Db, id: string) =>
  db.sql`update public.profiles set suspended_at = now() where user_id = ${id}`;

test("blocking an account ends its sessions at once and asks for the ban once", async ({ db }) => {
  const [id, other] = [await createUser(db), await createUser(db)];
  await createSession(db, id);
  const kept = await createSession(db, other);
  await suspend(db, id);
  await db.sql`update public.profiles set is_soft_deleted = true where user_id = ${id}`;
  expect([
    ...(await db.sql`select id from auth.sessions where user_id in (${id}, ${other})`),
  ]).toEqual([{ id: kept }]);
  expect(await tasksOf(db, id)).toEqual([
    {
      user_id: id,
      task: "access",
      generation: 1,
      email: `${id}@example.com`,
      is_blocked: true,
      is_wanted: true,
    },
  ]);
});

test("what is to be done is decided when it is claimed", async ({ db }) => {
  const id = await createUser(db);
  await suspend(db, id);
  await db.sql`update public.profiles set suspended_at = null where user_id = ${id}`;
  expect(await tasksOf(db, id)).toMatchObject([{ generation: 2, is_blocked: false }]);
});

test("a claimed task is nobody else's until the lease ends; whoever waits may repeat it", async ({
  db,
}) => {
  const id = await createUser(db);
  await suspend(db, id);
  expect(await tasksOf(db, id)).toHaveLength(1);
  expect(await tasksOf(db, id)).toHaveLength(0);
  expect(await claim(db, id)).toHaveLength(1);
  await db.as(service, (sql) => sql`select private.shift_clock('61 seconds')`);
  expect(await tasksOf(db, id)).toHaveLength(1);
});

test("nobody is invited who is confirmed, or blocked by now", async ({ db }) => {
  const ids = [await createUser(db), await createUser(db), await createUser(db)] as const;
  for (const id of ids) await db.sql`select private.request_account_task(${id}, 'invitation')`;
  await db.sql`update auth.users set email_confirmed_at = now() where id = ${ids[1]}`;
  await suspend(db, ids[2]);
  const tasks = (await claim(db)).filter(({ task }) => task === "invitation");
  const wanted = (id: string) => tasks.find((task) => task.user_id === id)?.is_wanted;
  expect(ids.map(wanted)).toEqual([true, false, false]);
});

test("only the worker takes tasks", async ({ db }) => {
  const id = await createUser(db);
  await suspend(db, id);
  await expectDenied(db, "42501", {
    as: user(await createStaff(db, "admin")),
    does: (sql) => sql`select private.claim_account_tasks(1)`,
    keeps: (sql) => sql`select * from private.account_tasks where user_id = ${id}`,
  });
});
