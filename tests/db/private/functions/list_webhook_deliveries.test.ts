import { expect } from "vitest";
import { anon, type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createStaff } from "../../../helpers/db-fixtures.ts";
import {
  claim,
  createEndpoint,
  emit,
  keepsWebhooks,
  later,
  settle,
} from "../../../helpers/db-webhooks.ts";

type Item = { delivery_id: string; event_type: string; subject_id: string; created_at: string };

const list = async (
  db: Db,
  filter: Readonly<Record<string, unknown>> = {},
  { sort = "created_at", after = null as unknown, limit = 10 } = {},
) => {
  const auditor = await createStaff(db, "auditor");
  return db.as(user(auditor), async (sql) => {
    const rows = await sql<{ item: Item; cursor: unknown }[]>`
      select item, cursor from private.list_webhook_deliveries(${JSON.stringify(filter)}::text::jsonb, ${sort},
        ${after === null ? null : JSON.stringify(after)}::text::jsonb, ${limit})`;
    return [...rows];
  });
};

/** Two endpoints; one event delivered, one waiting for its second attempt, one for its first. */
async function history(db: Db) {
  const users = await createEndpoint(db, ["user.erased", "user.suspended"]);
  const both = await createEndpoint(db, ["user.erased", "kyc.*"], {}, users.adminId);
  const subject = await emit(db, "user.erased");
  for (const claimed of await claim(db)) {
    await settle(db, claimed, claimed.endpoint_id === users.endpointId ? 200 : 503);
  }
  await later(db, "1 second");
  await emit(db, "kyc.approved", subject);
  await later(db, "1 second");
  await emit(db, "user.suspended");
  return { users: users.endpointId, both: both.endpointId, subject };
}

test("an entry says how it went", async ({ db }) => {
  const { users, subject } = await history(db);
  const [entry] = await list(db, { endpoint_id: users });
  const [message] = await db.sql`
    select message_id from private.webhook_messages where type = 'user.erased'`;
  expect(entry?.item).toEqual({
    delivery_id: expect.any(String),
    endpoint_id: users,
    event_id: message?.message_id,
    event_type: "user.erased",
    subject_id: subject,
    sequence: 1,
    status: "delivered",
    attempts: 1,
    last_attempt_at: expect.any(String),
    last_http_status: 200,
    last_error: null,
    last_duration_ms: 12,
    attempt_log: [
      { attempt: 1, at: expect.any(String), http_status: 200, error: null, duration_ms: 12 },
    ],
    next_attempt_at: null,
    redelivery_of: null,
    created_at: expect.any(String),
  });
});

test("every filter, alone and together", async ({ db }) => {
  const { users, both, subject } = await history(db);
  const kinds = async (filter: Readonly<Record<string, unknown>>) =>
    (await list(db, filter)).map(({ item }) => item.event_type);
  expect(await kinds({})).toEqual(["user.erased", "user.erased", "kyc.approved", "user.suspended"]);
  expect(await kinds({ endpoint_id: both })).toEqual(["user.erased", "kyc.approved"]);
  expect(await kinds({ status: ["delivered"] })).toEqual(["user.erased"]);
  expect(await kinds({ status: ["pending"], endpoint_id: users })).toEqual(["user.suspended"]);
  expect(await kinds({ event_type: ["kyc.approved", "user.suspended"] })).toEqual([
    "kyc.approved",
    "user.suspended",
  ]);
  expect(await kinds({ subject_id: subject })).toHaveLength(3);
  const [, , third] = await list(db);
  const at = third?.item.created_at;
  expect(await kinds({ created_from: at })).toEqual(["kyc.approved", "user.suspended"]);
  expect(await kinds({ created_to: at })).toEqual(["user.erased", "user.erased"]);
});

test("both ways, page by page", async ({ db }) => {
  await history(db);
  const up = await list(db);
  const ids = up.map(({ item }) => item.delivery_id);
  const down = await list(db, {}, { sort: "-created_at" });
  expect(down.map(({ item }) => item.delivery_id)).toEqual([...ids].reverse());
  const next = await list(db, {}, { after: up[0]?.cursor, limit: 2 });
  expect(next.map(({ item }) => item.delivery_id)).toEqual(ids.slice(1, 3));
});

test("only auditors and administrators read it", async ({ db }) => {
  for (const [as, code] of [
    [user(await createStaff(db, "compliance_admin", "support", "reviewer", "approver")), "NF010"],
    [service, "42501"],
    [anon, "42501"],
  ] as const) {
    await expectDenied(db, code, {
      as,
      does: (sql) =>
        sql`select * from private.list_webhook_deliveries('{}', 'created_at', null, 1)`,
      keeps: keepsWebhooks,
    });
  }
});
