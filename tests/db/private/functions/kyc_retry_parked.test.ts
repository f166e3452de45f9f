import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { ingest } from "../../../helpers/db-events.ts";
import { createProcessing, createUser } from "../../../helpers/db-fixtures.ts";

async function park(db: Db): Promise<string> {
  const event_id = randomUUID();
  // Events that other tests have left behind are not this test's.
  await db.sql`update private.webhook_inbox set next_try_at = 'infinity' where result = 'parked'`;
  await ingest(db, {
    event_id,
    outcome: "approved",
    provider_reference: `ref_${event_id}`,
    sequence: 1,
  });
  return event_id;
}

const retry = async (db: Db) => {
  const [row] = await db.as(service, (sql) => sql`select * from private.kyc_retry_parked(50)`);
  return row;
};

const stateOf = async (db: Db, eventId: string) => {
  const [row] = await db.sql`
    select result, tries, round(extract(epoch from next_try_at - private.now()))::integer as wait
    from private.webhook_inbox where event_id = ${eventId}`;
  return row;
};

test("a parked event waits longer each time and is given up after a day", async ({ db }) => {
  const eventId = await park(db);
  expect(await stateOf(db, eventId)).toEqual({ result: "parked", tries: 1, wait: 10 });
  expect(await retry(db)).toEqual({ retried: 0, applied: 0, dead: 0 });
  for (const [tries, wait] of [
    [2, 20],
    [3, 40],
    [4, 80],
  ]) {
    await db.as(service, (sql) => sql`select private.shift_clock('90 seconds')`);
    expect(await retry(db)).toEqual({ retried: 1, applied: 0, dead: 0 });
    expect(await stateOf(db, eventId)).toEqual({ result: "parked", tries, wait });
  }
  await db.as(service, (sql) => sql`select private.shift_clock('24 hours')`);
  expect(await retry(db)).toEqual({ retried: 1, applied: 0, dead: 1 });
  expect(await stateOf(db, eventId)).toEqual({ result: "dead", tries: 5, wait: null });
});

test("the wait never grows beyond an hour", async ({ db }) => {
  const [row] = await db.sql`
    select array_agg(extract(epoch from private.inbox_next_try(tries) - private.now())::integer order by tries) as waits
    from unnest(array[9, 10, 50, 32000]) as tries`;
  expect(row?.waits).toEqual([2560, 3600, 3600, 3600]);
});

test("it is applied as soon as its reference is known", async ({ db }) => {
  const eventId = await park(db);
  const { verificationId } = await createProcessing(db);
  await db.sql`update private.kyc_attempts set provider_reference = ${`ref_${eventId}`} where verification_id = ${verificationId}`;
  await db.as(service, (sql) => sql`select private.shift_clock('11 seconds')`);
  expect(await retry(db)).toEqual({ retried: 1, applied: 1, dead: 0 });
  expect(await stateOf(db, eventId)).toMatchObject({ result: "applied", wait: null });
});

test("people cannot retry events", async ({ db }) => {
  const eventId = await park(db);
  await expectDenied(db, "42501", {
    as: user(await createUser(db)),
    does: (sql) => sql`select * from private.kyc_retry_parked(50)`,
    keeps: (sql) => sql`select * from private.webhook_inbox where event_id = ${eventId}`,
  });
});
