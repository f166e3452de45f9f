import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createSubmitted, statusOf } from "../../../helpers/db-fixtures.ts";
import { claim, fail, queueMessage } from "../../../helpers/db-outbox.ts";

const DELAYS = [5, 30, 120, 600, 1800, 3600, 7200, 14_400];

/** Marks a message as claimed for its n-th try without touching those of other suites. */
async function lease(db: Db, messageId: string, attempts: number): Promise<string> {
  const leaseId = randomUUID();
  await db.sql`update private.outbox set lease_id = ${leaseId}, attempts = ${attempts} where message_id = ${messageId}`;
  return leaseId;
}

const waitOf = async (db: Db, id: string): Promise<number> => {
  const [row] = await db.sql<{ wait: number }[]>`
    select extract(epoch from next_attempt_at - private.now())::float8 as wait from private.outbox where message_id = ${id}`;
  return row?.wait ?? Number.NaN;
};

test("a failed try waits as the table says, give or take a fifth, and then it is over", async ({
  db,
}) => {
  const id = await queueMessage(db);
  for (const [index, seconds] of DELAYS.entries()) {
    const lease_id = await lease(db, id, index + 1);
    expect(await fail(db, { message_id: id, lease_id }, 503)).toBe("pending");
    const wait = await waitOf(db, id);
    expect(wait).toBeGreaterThanOrEqual(seconds * 0.8);
    expect(wait).toBeLessThanOrEqual(seconds * 1.2);
  }
  const lease_id = await lease(db, id, DELAYS.length + 1);
  expect(await fail(db, { message_id: id, lease_id }, 503)).toBe("dead");
});

test("the jitter spreads", async ({ db }) => {
  const id = await queueMessage(db);
  const waits = new Set<number>();
  for (let turn = 0; turn < 5; turn += 1) {
    await fail(db, { message_id: id, lease_id: await lease(db, id, 4) }, 503);
    waits.add(await waitOf(db, id));
  }
  expect(waits.size).toBe(5);
});

test.for([
  [null, "pending"],
  [408, "pending"],
  [425, "pending"],
  [429, "pending"],
  [500, "pending"],
  [503, "pending"],
  [200, "pending"],
  [400, "dead"],
  [401, "dead"],
  [404, "dead"],
  [422, "dead"],
] as const)("answer %s: %s", async ([status, expected], { db }) => {
  const id = await queueMessage(db);
  const [claimed] = await claim(db);
  if (!claimed) throw new Error("Nothing was claimed.");
  expect(claimed.message_id).toBe(id);
  expect(await fail(db, claimed, status)).toBe(expected);
});

test("what the receiver asks for counts when it is longer than the table, up to a day", async ({
  db,
}) => {
  const id = await queueMessage(db);
  const after = async (seconds: number) => {
    await fail(db, { message_id: id, lease_id: await lease(db, id, 1) }, 429, seconds);
    return waitOf(db, id);
  };
  expect(await after(90)).toBeCloseTo(90, 1);
  expect(await after(1)).toBeGreaterThanOrEqual(4);
  expect(await after(10_000_000)).toBeCloseTo(86_400, 1);
});

test("a worker that lost its lease changes nothing", async ({ db }) => {
  const id = await queueMessage(db);
  const [first] = await claim(db);
  await db.as(service, (sql) => sql`select private.shift_clock('61 seconds')`);
  await claim(db);
  const before = await db.sql`select * from private.outbox where message_id = ${id}`;
  expect(await fail(db, { message_id: id, lease_id: first?.lease_id ?? "" }, 500)).toBe(
    "superseded",
  );
  expect([...(await db.sql`select * from private.outbox where message_id = ${id}`)]).toEqual([
    ...before,
  ]);
});

test.for([
  [503, 9, "provider_unavailable"],
  [null, 9, "provider_unavailable"],
  [400, 1, "provider_bad_request"],
  [401, 1, "provider_bad_request"],
] as const)(
  "a submission that cannot be sent (%s, try %i) goes to staff: %s",
  async ([status, attempts, reason], { db }) => {
    const { verificationId, messageId } = await createSubmitted(db);
    const lease_id = await lease(db, messageId, attempts);
    expect(await fail(db, { message_id: messageId, lease_id }, status)).toBe("dead");
    expect(await statusOf(db, verificationId)).toBe("in_review");
    const [row] = await db.sql`
    select c.reason_code, c.review_owner, a.outcome
    from private.kyc_cases as c join private.kyc_attempts as a using (verification_id) where verification_id = ${verificationId}`;
    expect(row).toEqual({ reason_code: reason, review_owner: "internal", outcome: "error" });
  },
);

test("only silence and server errors open the circuit", async ({ db }) => {
  const provider = `p_${randomUUID()}`;
  const id = await queueMessage(db, provider);
  for (const status of [429, 400, 422, 429, 404, 429]) {
    await db.sql`update private.outbox set status = 'pending' where message_id = ${id}`;
    await fail(db, { message_id: id, lease_id: await lease(db, id, 1) }, status);
  }
  const failures = async () => {
    const [row] =
      await db.sql`select consecutive_failures from private.provider_circuits where provider = ${provider}`;
    return row?.consecutive_failures;
  };
  expect(await failures()).toBeUndefined();
  await db.sql`update private.outbox set status = 'pending' where message_id = ${id}`;
  await fail(db, { message_id: id, lease_id: await lease(db, id, 1) }, null);
  expect(await failures()).toBe(1);
});

test("people cannot report failures", async ({ db }) => {
  const { userId, messageId, verificationId } = await createSubmitted(db);
  const lease_id = await lease(db, messageId, 9);
  await expectDenied(db, "42501", {
    as: user(userId),
    does: (sql) => sql`select private.outbox_failed(${messageId}, ${lease_id}, 500, 'x')`,
    keeps: (sql) =>
      sql`select * from public.kyc_verifications where verification_id = ${verificationId}`,
  });
});
