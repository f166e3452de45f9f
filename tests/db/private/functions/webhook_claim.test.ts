import { expect } from "vitest";
import { anon, type Db, expectDenied, test, user } from "../../../helpers/db.ts";
import {
  type Claim,
  claim,
  claimOne,
  createEndpoint,
  emit,
  keepsWebhooks,
  later,
  newSecret,
  settle,
} from "../../../helpers/db-webhooks.ts";

const emitMany = async (db: Db, count: number) => {
  for (let index = 0; index < count; index += 1) await emit(db);
};
const perEndpoint = (claims: readonly Claim[], id: string) =>
  claims.filter(({ endpoint_id }) => endpoint_id === id).length;

test("what is due comes with all that sending needs, once", async ({ db }) => {
  const { endpointId, secret } = await createEndpoint(db);
  await emit(db);
  const claimed = await claimOne(db);
  expect(claimed).toMatchObject({
    endpoint_id: endpointId,
    url: "https://hooks.example.com/nff",
    secrets: [secret],
    attempts: 1,
  });
  const [message] = await db.sql`
    select body from private.webhook_messages where message_id = ${claimed.message_id}`;
  expect(claimed.body).toBe(message?.body);
  expect(await claim(db)).toEqual([]);
});

test("when a lease ends without a word, the next worker takes over with a lease of its own", async ({
  db,
}) => {
  await createEndpoint(db);
  await emit(db);
  const first = await claimOne(db);
  await later(db, "59 seconds");
  expect(await claim(db)).toEqual([]);
  await later(db, "2 seconds");
  const second = await claimOne(db);
  expect(second).toMatchObject({ delivery_id: first.delivery_id, attempts: 2 });
  expect(await settle(db, first, 200)).toBe("superseded");
  expect(await settle(db, second, 200)).toBe("delivered");
});

test("a delivery that every worker dies of is given up after the last attempt", async ({ db }) => {
  await createEndpoint(db);
  await emit(db);
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    expect(await claimOne(db)).toMatchObject({ attempts: attempt });
    await later(db, "61 seconds");
  }
  expect(await claim(db)).toEqual([]);
  const rows = await db.sql`
    select status, attempts, next_attempt_at, last_error from private.webhook_deliveries`;
  expect([...rows]).toEqual([
    {
      status: "failed",
      attempts: 10,
      next_attempt_at: null,
      last_error: "No attempt came to its end.",
    },
  ]);
});

test("an endpoint gets four at a time, the others are not kept waiting", async ({ db }) => {
  const slow = await createEndpoint(db);
  const quick = await createEndpoint(db, ["user.*"], {}, slow.adminId);
  await emitMany(db, 6);
  const claims = await claim(db);
  expect([perEndpoint(claims, slow.endpointId), perEndpoint(claims, quick.endpointId)]).toEqual([
    4, 4,
  ]);
  for (const { endpoint_id, ...delivery } of claims) {
    if (endpoint_id === quick.endpointId) await settle(db, delivery, 204);
  }
  const more = await claim(db);
  expect([perEndpoint(more, slow.endpointId), perEndpoint(more, quick.endpointId)]).toEqual([0, 2]);
});

test("an endpoint that fails gets one at a time until it works again", async ({ db }) => {
  await createEndpoint(db);
  await emitMany(db, 6);
  const [first, ...others] = await claim(db);
  if (!first) throw new Error("Nothing was due.");
  await settle(db, first, 500);
  for (const other of others) await settle(db, other, 500);
  const [probe, ...none] = await claim(db);
  expect(none).toEqual([]);
  if (!probe) throw new Error("Nothing was due.");
  await settle(db, probe, 200);
  await later(db, "7 seconds");
  expect(await claim(db)).toHaveLength(4);
});

test("no more than asked for, the oldest first", async ({ db }) => {
  await createEndpoint(db);
  const subjects: string[] = [];
  for (let second = 0; second < 3; second += 1) {
    subjects.push(await emit(db));
    await later(db, "1 second");
  }
  const claims = [...(await claim(db, 1)), ...(await claim(db, 1)), ...(await claim(db, 5))];
  const rows = await db.sql`select message_id, subject_id from private.webhook_messages`;
  const subjectOf = new Map(rows.map((row) => [row.message_id, row.subject_id]));
  expect(claims.map(({ message_id }) => subjectOf.get(message_id))).toEqual(subjects);
});

test("nothing for an endpoint that is disabled or deleted", async ({ db }) => {
  const { endpointId } = await createEndpoint(db);
  await emit(db);
  await db.sql`update private.webhook_endpoints set disabled_at = private.now(), disabled_reason = 'by_staff'`;
  expect(await claim(db)).toEqual([]);
  await db.sql`update private.webhook_endpoints set disabled_at = null, disabled_reason = null, deleted_at = private.now()
    where endpoint_id = ${endpointId}`;
  expect(await claim(db)).toEqual([]);
});

test("[HOOK-01] only the server claims: secrets leave the database for nobody else", async ({
  db,
}) => {
  const { adminId } = await createEndpoint(db);
  await emit(db);
  for (const as of [anon, user(adminId)]) {
    for (const query of [
      "select * from private.webhook_claim(1)",
      `select private.webhook_secrets_of(gen_random_uuid())`,
      "select secret from private.webhook_secrets",
    ]) {
      await expectDenied(db, "42501", {
        as,
        does: (sql) => sql.unsafe(query),
        keeps: keepsWebhooks,
      });
    }
  }
  expect(newSecret()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
});
