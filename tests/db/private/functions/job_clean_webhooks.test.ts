import { expect } from "vitest";
import { type Db, test, user } from "../../../helpers/db.ts";
import {
  claimOne,
  createEndpoint,
  emit,
  later,
  newSecret,
  settle,
} from "../../../helpers/db-webhooks.ts";

const clean = async (db: Db, limit = 100) => {
  const [row] = await db.sql`select private.job_clean_webhooks(${limit}) as affected`;
  return row?.affected;
};
const countOf = async (db: Db) => {
  const [row] = await db.sql`
    select (select count(*)::int from private.webhook_messages) as messages,
      (select count(*)::int from private.webhook_deliveries) as deliveries,
      (select count(*)::int from private.webhook_secrets) as secrets`;
  return row;
};

test("after thirty days message and deliveries go, whatever became of them", async ({ db }) => {
  await createEndpoint(db);
  await emit(db);
  await settle(db, await claimOne(db), 200);
  await emit(db);
  await later(db, "29 days");
  expect(await clean(db)).toBe(0);
  await emit(db);
  await later(db, "1 day");
  expect(await clean(db)).toBe(2);
  expect(await countOf(db)).toEqual({ messages: 1, deliveries: 1, secrets: 1 });
});

test("a redelivery keeps its message for another period", async ({ db }) => {
  const { adminId } = await createEndpoint(db);
  await emit(db);
  const claimed = await claimOne(db);
  await settle(db, claimed, 200);
  await later(db, "29 days");
  await db.as(
    user(adminId),
    (sql) => sql`select private.redeliver_webhook(${claimed.delivery_id})`,
  );
  await later(db, "29 days");
  expect(await clean(db)).toBe(0);
  await later(db, "1 day");
  expect(await clean(db)).toBe(1);
  expect(await countOf(db)).toMatchObject({ messages: 0, deliveries: 0 });
});

test("a secret goes with the end of its overlap; no more than the limit at a time", async ({
  db,
}) => {
  const { endpointId, adminId } = await createEndpoint(db);
  await db.as(
    user(adminId),
    (sql) => sql`select private.rotate_webhook_secret(${endpointId}, '1 hour', ${newSecret()})`,
  );
  await clean(db);
  expect(await countOf(db)).toMatchObject({ secrets: 2 });
  await later(db, "1 hour");
  expect(await clean(db)).toBe(1);
  expect(await countOf(db)).toMatchObject({ secrets: 1 });
  await emit(db);
  await emit(db);
  await later(db, "30 days");
  expect([await clean(db, 1), await clean(db, 1), await clean(db, 1)]).toEqual([1, 1, 0]);
});
