import { expect } from "vitest";
import { type Db, service, test } from "../../../helpers/db.ts";
import { createUser } from "../../../helpers/db-fixtures.ts";
import { auditOf } from "../../../helpers/db-operators.ts";

const fail = async (db: Db, id: string, task: string) => {
  await db.as(service, async (sql) => {
    await sql`select private.shift_clock('1 day')`;
    await sql`select private.claim_account_tasks(1000)`;
  });
  const [row] = await db.as(
    service,
    (sql) => sql`select private.fail_account_task(${id}, ${task}, 1, 'no answer') as goes_on`,
  );
  return row?.goes_on;
};

const wait = async (db: Db, id: string) => {
  const [row] = await db.sql`
    select (next_attempt_at - private.now())::text as wait, last_error from private.account_tasks
    where user_id = ${id}`;
  return row;
};

test("the pauses grow as those of the outbox", async ({ db }) => {
  const id = await createUser(db);
  await db.sql`update public.profiles set suspended_at = now() where user_id = ${id}`;
  const waits: unknown[] = [];
  for (let attempt = 1; attempt <= 9; attempt += 1) {
    expect(await fail(db, id, "access")).toBe(true);
    waits.push((await wait(db, id))?.wait);
  }
  expect(waits).toEqual([
    ...["00:00:05", "00:00:30", "00:02:00", "00:10:00", "00:30:00"],
    // A ban is tried for ever.
    ...["01:00:00", "02:00:00", "04:00:00", "04:00:00"],
  ]);
  expect(await wait(db, id)).toMatchObject({ last_error: "no answer" });
});

test("an invitation is given up after the last pause, and the audit says so", async ({ db }) => {
  const id = await createUser(db);
  await db.sql`select private.request_account_task(${id}, 'invitation')`;
  for (let attempt = 1; attempt <= 8; attempt += 1) {
    expect(await fail(db, id, "invitation")).toBe(true);
  }
  expect(await fail(db, id, "invitation")).toBe(false);
  expect(await wait(db, id)).toBeUndefined();
  expect((await auditOf(db, `user:${id}`)).at(-1)).toMatchObject({
    action: "user.invitation_failed",
    actor_kind: "system",
  });
});
