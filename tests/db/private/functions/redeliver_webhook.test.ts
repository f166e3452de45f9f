import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createStaff } from "../../../helpers/db-fixtures.ts";
import { auditOf } from "../../../helpers/db-operators.ts";
import {
  claim,
  claimOne,
  createEndpoint,
  emit,
  keepsWebhooks,
  settle,
} from "../../../helpers/db-webhooks.ts";

test("the same message goes out again, to where the endpoint is now", async ({ db }) => {
  const { endpointId, adminId } = await createEndpoint(db);
  await emit(db);
  const first = await claimOne(db);
  await settle(db, first, 200);
  await db.sql`update private.webhook_endpoints set url = 'https://new.example.com/' where endpoint_id = ${endpointId}`;
  const [row] = await db.as(
    user(adminId),
    (sql) => sql`select private.redeliver_webhook(${first.delivery_id}) as made`,
  );
  expect(row?.made).toMatchObject({
    event_id: first.message_id,
    redelivery_of: first.delivery_id,
    status: "pending",
    attempts: 0,
  });
  expect(await claimOne(db)).toMatchObject({
    delivery_id: row?.made.delivery_id,
    message_id: first.message_id,
    body: first.body,
    url: "https://new.example.com/",
  });
  expect((await auditOf(db, "webhook_endpoints")).at(-1)).toMatchObject({
    action: "webhook_endpoint.redelivered",
    actor_id: adminId,
  });
});

test("for a disabled endpoint it waits", async ({ db }) => {
  const { adminId } = await createEndpoint(db);
  await emit(db);
  const first = await claimOne(db);
  await settle(db, first, 200);
  await db.sql`update private.webhook_endpoints set disabled_at = private.now(), disabled_reason = 'gone'`;
  await db.as(user(adminId), (sql) => sql`select private.redeliver_webhook(${first.delivery_id})`);
  expect(await claim(db)).toEqual([]);
});

test("refused: an unknown delivery, a deleted endpoint, everybody but administrators", async ({
  db,
}) => {
  const { endpointId, adminId } = await createEndpoint(db);
  await emit(db);
  const { delivery_id } = await claimOne(db);
  const auditor = await createStaff(db, "auditor", "compliance_admin");
  const refuse = (as: Parameters<typeof db.as>[0], id: string, code: string) =>
    expectDenied(db, code, {
      as,
      does: (sql) => sql`select private.redeliver_webhook(${id})`,
      keeps: keepsWebhooks,
    });
  await refuse(user(auditor), delivery_id, "NF010");
  await refuse(service, delivery_id, "42501");
  await refuse(user(adminId), randomUUID(), "NF020");
  await db.as(
    user(adminId),
    (sql) => sql`select private.delete_webhook_endpoint(${endpointId}, null)`,
  );
  await refuse(user(adminId), delivery_id, "NF020");
});
