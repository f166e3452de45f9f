import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createUser } from "../../../helpers/db-fixtures.ts";
import { claim, queueMessage, TEST_TOPIC } from "../../../helpers/db-outbox.ts";

test("a claim takes what is due, oldest first, up to its limit, and counts the try", async ({
  db,
}) => {
  const ids = [await queueMessage(db), await queueMessage(db), await queueMessage(db)];
  for (const [index, id] of ids.entries()) {
    await db.sql`update private.outbox set next_attempt_at = private.now() - make_interval(secs => ${10 - index})
      where message_id = ${id}`;
  }
  const taken = await claim(db, 2);
  expect(taken.map((message) => message.message_id).sort()).toEqual(ids.slice(0, 2).sort());
  expect(taken.every((message) => message.attempts === 1)).toBe(true);
});

test("what one worker holds no other gets, until its lease ends", async ({ db }) => {
  const id = await queueMessage(db);
  const [first] = await claim(db);
  expect(await claim(db)).toEqual([]);
  await db.as(service, (sql) => sql`select private.shift_clock('61 seconds')`);
  const [second] = await claim(db);
  expect(second).toMatchObject({ message_id: id, attempts: 2 });
  expect(second?.lease_id).not.toBe(first?.lease_id);
});

test("nothing is taken for a provider whose circuit is open; half open it is tried again", async ({
  db,
}) => {
  const provider = `p_${randomUUID()}`;
  await queueMessage(db, provider);
  await db.as(
    service,
    (sql) => sql`select private.circuit_failure(${provider}, 'down') from generate_series(1, 5)`,
  );
  expect(await claim(db)).toEqual([]);
  await db.as(service, (sql) => sql`select private.shift_clock('61 seconds')`);
  expect(await claim(db)).toHaveLength(1);
});

test("half open, all workers together hold as many as would open a closed circuit, until one succeeds", async ({
  db,
}) => {
  const provider = `p_${randomUUID()}`;
  for (let count = 0; count < 12; count += 1) await queueMessage(db, provider);
  const other = await queueMessage(db);
  await db.as(service, async (sql) => {
    await sql`select private.circuit_failure(${provider}, 'down') from generate_series(1, 5)`;
    await sql`select private.shift_clock('61 seconds')`;
  });
  const first = await claim(db, 3);
  const second = await claim(db);
  expect([...first, ...second]).toHaveLength(6);
  expect([...first, ...second].map(({ message_id }) => message_id)).toContain(other);
  expect(await claim(db)).toEqual([]);
  // Whoever holds them may be gone: others come next when the leases end.
  await db.as(service, (sql) => sql`select private.shift_clock('61 seconds')`);
  expect((await claim(db)).length).toBeGreaterThanOrEqual(5);

  await db.as(service, (sql) => sql`select private.circuit_success(${provider})`);
  await db.as(service, (sql) => sql`select private.shift_clock('61 seconds')`);
  expect(await claim(db)).toHaveLength(13);
});

test("what is planned for later, sent or dead is left alone", async ({ db }) => {
  for (const change of [
    { next_attempt_at: "2999-01-01" },
    { status: "sent" },
    { status: "dead" },
    { status: "cancelled" },
  ]) {
    await db.sql`update private.outbox set ${db.sql(change)} where message_id = ${await queueMessage(db)}`;
  }
  expect(await claim(db)).toEqual([]);
});

test("people cannot claim", async ({ db }) => {
  const id = await queueMessage(db);
  await expectDenied(db, "42501", {
    as: user(await createUser(db)),
    does: (sql) => sql`select * from private.outbox_claim(1, ${[TEST_TOPIC]}::text[])`,
    keeps: (sql) => sql`select * from private.outbox where message_id = ${id}`,
  });
});
