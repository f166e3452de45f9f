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

test("the secrets go, what waits is dropped, what was sent stays in the log", async ({ db }) => {
  const { endpointId, adminId } = await createEndpoint(db);
  await emit(db);
  await settle(db, await claimOne(db), 200);
  await emit(db);
  await db.as(
    user(adminId),
    (sql) => sql`select private.delete_webhook_endpoint(${endpointId}, 1)`,
  );
  await emit(db);
  const rows = await db.sql`select status from private.webhook_deliveries order by status`;
  expect(rows.map(({ status }) => status)).toEqual(["delivered", "dropped"]);
  const [secrets] = await db.sql`select count(*)::int as n from private.webhook_secrets`;
  expect(secrets).toEqual({ n: 0 });
  expect(await claim(db)).toEqual([]);
  expect((await auditOf(db, "webhook_endpoints")).at(-1)).toMatchObject({
    action: "webhook_endpoint.deleted",
    actor_id: adminId,
  });
});

test("refused: an older version, an unknown endpoint, the same one twice", async ({ db }) => {
  const { endpointId, adminId } = await createEndpoint(db);
  const refuse = (code: string, id: string, version: number | null) =>
    expectDenied(db, code, {
      as: user(adminId),
      does: (sql) => sql`select private.delete_webhook_endpoint(${id}, ${version})`,
      keeps: keepsWebhooks,
    });
  await refuse("NF050", endpointId, 2);
  await refuse("NF020", randomUUID(), null);
  await db.as(
    user(adminId),
    (sql) => sql`select private.delete_webhook_endpoint(${endpointId}, 1)`,
  );
  await refuse("NF020", endpointId, null);
});

test("only an administrator deletes", async ({ db }) => {
  const { endpointId } = await createEndpoint(db);
  for (const [as, code] of [
    [user(await createStaff(db, "compliance_admin", "auditor")), "NF010"],
    [service, "42501"],
  ] as const) {
    await expectDenied(db, code, {
      as,
      does: (sql) => sql`select private.delete_webhook_endpoint(${endpointId}, null)`,
      keeps: keepsWebhooks,
    });
  }
});
