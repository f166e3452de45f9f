import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createStaff } from "../../../helpers/db-fixtures.ts";
import { claim, createEndpoint, emit, keepsWebhooks, later } from "../../../helpers/db-webhooks.ts";

const redeliver = async (db: Db, adminId: string, filter: object, limit = 1_000) => {
  const [row] = await db.as(
    user(adminId),
    (sql) => sql`
      select private.redeliver_webhooks(${sql.json({ ...filter })}, ${limit}) as made`,
  );
  return row?.made;
};

/** Five events to one endpoint, a second apart: three failed, two arrived. */
async function outage(db: Db) {
  const endpoint = await createEndpoint(db);
  const subjects: string[] = [];
  for (const type of ["user.updated", "kyc.approved", "kyc.rejected", "kyc.draft", "user.erased"]) {
    subjects.push(await emit(db, type));
    await later(db, "1 second");
  }
  await db.sql`
    update private.webhook_deliveries as d set next_attempt_at = null,
      status = case when m.type in ('kyc.draft', 'user.erased') then 'delivered' else 'failed' end
    from private.webhook_messages as m where m.message_id = d.message_id`;
  return { ...endpoint, subjects };
}

const waiting = async (db: Db) =>
  (
    await db.sql<{ type: string }[]>`
      select m.type from private.webhook_deliveries as d join private.webhook_messages as m using (message_id)
      where d.status = 'pending' order by m.created_at`
  ).map(({ type }) => type);

test("what failed is sent again, once, however often it is asked for", async ({ db }) => {
  const { endpointId: endpoint_id, adminId } = await outage(db);
  expect(await redeliver(db, adminId, { endpoint_id })).toEqual({ redelivered: 3, more: false });
  expect(await waiting(db)).toEqual(["user.updated", "kyc.approved", "kyc.rejected"]);
  expect(await redeliver(db, adminId, { endpoint_id })).toEqual({ redelivered: 0, more: false });
  await later(db, "1 second");
  // Failed again: it may be asked for again.
  await db.sql`update private.webhook_deliveries set status = 'failed', next_attempt_at = null where status = 'pending'`;
  expect(await redeliver(db, adminId, { endpoint_id })).toEqual({ redelivered: 3, more: false });
  expect(await claim(db)).toHaveLength(3);
});

test("in parts, the oldest first", async ({ db }) => {
  const { endpointId: endpoint_id, adminId } = await outage(db);
  expect(await redeliver(db, adminId, { endpoint_id }, 2)).toEqual({ redelivered: 2, more: true });
  expect(await waiting(db)).toEqual(["user.updated", "kyc.approved"]);
  expect(await redeliver(db, adminId, { endpoint_id }, 2)).toEqual({ redelivered: 1, more: false });
});

test("by status, type, subject and time", async ({ db }) => {
  const { endpointId: endpoint_id, adminId, subjects } = await outage(db);
  const [first] = await db.sql<{ at: string }[]>`
    select private.iso(created_at) as at from private.webhook_messages where type = 'kyc.rejected'`;
  const count = async (filter: object) => {
    const outcome: { made?: number } = {};
    await db.sql
      .savepoint(async () => {
        outcome.made = (await redeliver(db, adminId, { endpoint_id, ...filter })).redelivered;
        throw new Error("undo");
      })
      .catch(() => {});
    return outcome.made;
  };
  expect(await count({ status: ["delivered"] })).toBe(2);
  expect(await count({ status: ["delivered", "failed"] })).toBe(5);
  expect(await count({ event_type: ["kyc.approved"] })).toBe(1);
  expect(await count({ subject_id: subjects[0] })).toBe(1);
  expect(await count({ created_from: first?.at })).toBe(1);
  expect(await count({ created_to: first?.at })).toBe(2);
});

test("refused: without an endpoint that is there, and for everybody but administrators", async ({
  db,
}) => {
  const { endpointId, adminId } = await outage(db);
  const refuse = (as: Parameters<typeof db.as>[0], filter: object, code: string) =>
    expectDenied(db, code, {
      as,
      does: (sql) => sql`select private.redeliver_webhooks(${sql.json({ ...filter })})`,
      keeps: keepsWebhooks,
    });
  await refuse(user(adminId), {}, "NF020");
  await refuse(user(adminId), { endpoint_id: randomUUID() }, "NF020");
  await refuse(user(await createStaff(db, "auditor")), { endpoint_id: endpointId }, "NF010");
  await refuse(service, { endpoint_id: endpointId }, "42501");
});
