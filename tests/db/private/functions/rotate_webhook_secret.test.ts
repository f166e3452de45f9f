import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createStaff } from "../../../helpers/db-fixtures.ts";
import {
  claimOne,
  createEndpoint,
  type Endpoint,
  emit,
  endpointOf,
  keepsWebhooks,
  later,
  newSecret,
} from "../../../helpers/db-webhooks.ts";

const rotate = async (db: Db, { endpointId, adminId }: Endpoint, overlap = "1 hour") => {
  const secret = newSecret();
  await db.as(
    user(adminId),
    (sql) =>
      sql`select private.rotate_webhook_secret(${endpointId}, ${overlap}::text::interval, ${secret})`,
  );
  return secret;
};
const signing = async (db: Db) => {
  await emit(db);
  return (await claimOne(db)).secrets;
};

test("both sign during the overlap, the new one first; then only the new one", async ({ db }) => {
  const endpoint = await createEndpoint(db);
  const fresh = await rotate(db, endpoint);
  expect(await signing(db)).toEqual([fresh, endpoint.secret]);
  expect(await endpointOf(db, endpoint.endpointId)).toMatchObject({
    previous_secret_expires_at: expect.any(String),
    version: 2,
  });
  await later(db, "1 hour");
  await db.sql`update private.webhook_deliveries set status = 'delivered', next_attempt_at = null`;
  expect(await signing(db)).toEqual([fresh]);
  expect(await endpointOf(db, endpoint.endpointId)).toMatchObject({
    previous_secret_expires_at: null,
  });
});

test("without an overlap the old one ends at once; a second rotation ends the oldest", async ({
  db,
}) => {
  const endpoint = await createEndpoint(db);
  const second = await rotate(db, endpoint);
  const third = await rotate(db, endpoint);
  expect(await signing(db)).toEqual([third, second]);
  const fourth = await rotate(db, endpoint, "0");
  await db.sql`update private.webhook_deliveries set status = 'delivered', next_attempt_at = null`;
  expect(await signing(db)).toEqual([fourth]);
});

test("only an administrator rotates, and only what is there", async ({ db }) => {
  const { endpointId, adminId } = await createEndpoint(db);
  for (const [as, id, code] of [
    [user(await createStaff(db, "compliance_admin", "auditor")), endpointId, "NF010"],
    [service, endpointId, "42501"],
    [user(adminId), randomUUID(), "NF020"],
  ] as const) {
    await expectDenied(db, code, {
      as,
      does: (sql) => sql`select private.rotate_webhook_secret(${id}, '0', ${newSecret()})`,
      keeps: keepsWebhooks,
    });
  }
});
