import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { type Db, expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import { createStaff, createSubmitted } from "../../../helpers/db-fixtures.ts";
import { auditOf } from "../../../helpers/db-operators.ts";
import { claim, fail, queueMessage } from "../../../helpers/db-outbox.ts";
import { expectRoles } from "../../../helpers/db-staff-lists.ts";

type Shown = { readonly status: string; readonly attempts: number };

const retry = (id: string) => async (sql: Sql) => {
  const [row] = await sql<
    { message: Shown }[]
  >`select private.retry_outbox_message(${id}) as message`;
  return row?.message;
};
const outbox = (sql: Sql) => sql`select * from private.outbox order by message_id`;
const compliance = async (db: Db) => user(await createStaff(db, "compliance_admin"));

/** A message that was given up: the receiver said no, or did not answer for the last time. */
async function deadMessage(db: Db, status: number | null = 400): Promise<string> {
  await db.sql`update private.settings set outbox_retry_delays = '{}'`;
  const id = await queueMessage(db);
  const claimed = (await claim(db)).find(({ message_id }) => message_id === id);
  if (!claimed) throw new Error("The message was not claimed.");
  expect(await fail(db, claimed, status)).toBe("dead");
  return id;
}

test("a dead message is due again with the key that it had, and once it is sent it stays sent", async ({
  db,
}) => {
  const as = await compliance(db);
  const id = await deadMessage(db);
  const [before] =
    await db.sql`select idempotency_key from private.outbox where message_id = ${id}`;
  expect(await db.as(as, retry(id))).toMatchObject({
    status: "pending",
    next_attempt_at: expect.any(String),
    finished_at: null,
    last_error: "failed",
    last_http_status: 400,
  });
  const [after] = await db.sql`select idempotency_key from private.outbox where message_id = ${id}`;
  expect(after).toEqual(before);
  expect((await auditOf(db, "outbox")).at(-1)).toMatchObject({
    actor_kind: "staff",
    actor_id: "id" in as ? as.id : "",
    action: "outbox.retried",
    details: '{"topic": "provider.redact", "tries": 1}',
  });
  expect((await claim(db)).map(({ message_id }) => message_id)).toContain(id);
  await db.as(service, (sql) => sql`select private.outbox_sent(${id}, 200)`);
  const sent = await outbox(db.sql);
  const entries = await auditOf(db, "outbox");
  expect(await db.as(as, retry(id))).toMatchObject({ status: "sent" });
  expect(await outbox(db.sql)).toEqual(sent);
  expect(await auditOf(db, "outbox")).toEqual(entries);
});

test("the worker can tell that it is not the first try, and that the last one had no answer", async ({
  db,
}) => {
  const id = await deadMessage(db, null);
  await db.as(await compliance(db), retry(id));
  const rows = await db.as(
    service,
    (sql) => sql`select message_id, attempts, last_status_code from private.outbox_claim(100)`,
  );
  expect(rows.find(({ message_id }) => message_id === id)).toEqual({
    message_id: id,
    attempts: 2,
    last_status_code: null,
  });
});

test("an open circuit still holds it back", async ({ db }) => {
  const id = await deadMessage(db);
  await db.sql`insert into private.provider_circuits (provider, open_until)
    select provider, private.now() + interval '1 minute' from private.outbox where message_id = ${id}`;
  await db.as(await compliance(db), retry(id));
  expect((await claim(db)).map(({ message_id }) => message_id)).not.toContain(id);
  await db.sql`update private.provider_circuits set open_until = null`;
  expect((await claim(db)).map(({ message_id }) => message_id)).toContain(id);
});

test("what waits, is under way or was cancelled is answered as it is", async ({ db }) => {
  const as = await compliance(db);
  const [waiting, held, cancelled] = [
    await queueMessage(db),
    await queueMessage(db),
    await queueMessage(db),
  ];
  await db.sql`update private.outbox set next_attempt_at = 'infinity' where message_id = ${waiting}`;
  await db.sql`update private.outbox set status = 'cancelled', finished_at = private.now()
    where message_id = ${cancelled}`;
  await claim(db);
  await db.sql`update private.outbox set next_attempt_at = private.now() + interval '1 day'
    where message_id = ${waiting}`;
  const before = await outbox(db.sql);
  for (const id of [waiting, held, cancelled]) await db.as(as, retry(id));
  expect(await outbox(db.sql)).toEqual(before);
});

test("a submission that its verification does not wait for any more is refused", async ({ db }) => {
  const as = await compliance(db);
  const { verificationId } = await createSubmitted(db);
  const [message] = await db.sql<{ id: string }[]>`
    select message_id as id from private.outbox where subject_id = ${verificationId} and topic = 'provider.submit'`;
  const id = message?.id ?? "";
  const lease = randomUUID();
  await db.sql`update private.outbox set lease_id = ${lease}, attempts = 1 where message_id = ${id}`;
  expect(await fail(db, { message_id: id, lease_id: lease }, 400)).toBe("dead");
  await expectDenied(db, "NF032", { as, does: retry(id), keeps: outbox });
  await expectDenied(db, "NF020", { as, does: retry(randomUUID()), keeps: outbox });
});

test("compliance administrators and administrators", async ({ db }) => {
  await expectRoles(db, ["compliance_admin", "admin"], retry(await deadMessage(db)), outbox);
});

test("[QUEUE-02] nobody has sent again what is about them, as whatever account", async ({ db }) => {
  const { userId, verificationId } = await createSubmitted(db);
  await db.sql`insert into private.user_roles (user_id, role) values (${userId}, 'compliance_admin')`;
  const twin = await createStaff(db, "compliance_admin");
  await db.sql`update public.profiles set email = 'Retry@example.com' where user_id = ${userId}`;
  await db.sql`update public.profiles set email = 'retry+2@example.com' where user_id = ${twin}`;
  const id = await deadMessage(db);
  for (const subject of [verificationId, userId]) {
    await db.sql`update private.outbox set subject_id = ${subject} where message_id = ${id}`;
    for (const as of [user(userId), user(twin)]) {
      await expectDenied(db, "NF010", { as, does: retry(id), keeps: outbox });
    }
  }
});
