import { randomUUID } from "node:crypto";
import { describe, expect } from "vitest";
import { type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createStaff } from "../../../helpers/db-fixtures.ts";
import {
  claim,
  claimOne,
  createEndpoint,
  type Endpoint,
  emit,
  endpointOf,
  keepsWebhooks,
  settle,
} from "../../../helpers/db-webhooks.ts";

const update = (
  db: Db,
  { endpointId, adminId }: Endpoint,
  patch: Readonly<Record<string, unknown>>,
  version: number | null = null,
) =>
  db.as(
    user(adminId),
    (sql) =>
      sql`select private.update_webhook_endpoint(${endpointId}, ${JSON.stringify(patch)}::text::jsonb, ${version})`,
  );

test("what is named changes, what is not stays, null removes", async ({ db }) => {
  const endpoint = await createEndpoint(db, ["kyc.*"], { description: "Core banking" });
  await update(db, endpoint, { url: "https://other.example.com/x" }, 1);
  await update(db, endpoint, { description: null, event_types: ["user.*"] }, 2);
  expect(await endpointOf(db, endpoint.endpointId)).toMatchObject({
    url: "https://other.example.com/x",
    description: null,
    event_types: ["user.*"],
    enabled: true,
    version: 3,
  });
});

describe("a failing or disabled endpoint begins anew", () => {
  const fail = async (db: Db, status: number) => {
    const endpoint = await createEndpoint(db);
    await emit(db);
    await settle(db, await claimOne(db), status);
    expect(await claim(db)).toEqual([]);
    return endpoint;
  };

  test("when it is enabled: what has waited is sent", async ({ db }) => {
    const endpoint = await fail(db, 410);
    await update(db, endpoint, { enabled: true });
    expect(await endpointOf(db, endpoint.endpointId)).toMatchObject({
      enabled: true,
      disabled_reason: null,
      disabled_at: null,
      failing_since: null,
    });
    expect(await claimOne(db)).toMatchObject({ attempts: 2 });
  });

  test("when it moves: what has waited goes to the new place", async ({ db }) => {
    const endpoint = await fail(db, 500);
    await update(db, endpoint, { url: "https://other.example.com/x" });
    expect(await claimOne(db)).toMatchObject({ url: "https://other.example.com/x", attempts: 2 });
  });

  test("not when anything else changes, and what is on its way is not sent twice", async ({
    db,
  }) => {
    const endpoint = await fail(db, 500);
    await update(db, endpoint, { description: "x" });
    expect(await claim(db)).toEqual([]);
    await emit(db);
    await claimOne(db);
    await update(db, endpoint, { url: "https://other.example.com/x" });
    // The failed one; that which is under way stays with its worker.
    expect(await claim(db)).toHaveLength(1);
  });
});

test("disabling stops sending and keeps the reason there was", async ({ db }) => {
  const endpoint = await createEndpoint(db);
  await update(db, endpoint, { enabled: false });
  await emit(db);
  expect(await claim(db)).toEqual([]);
  expect(await endpointOf(db, endpoint.endpointId)).toMatchObject({ disabled_reason: "by_staff" });
  await db.sql`update private.webhook_endpoints set disabled_reason = 'gone'`;
  await update(db, endpoint, { enabled: false });
  expect(await endpointOf(db, endpoint.endpointId)).toMatchObject({ disabled_reason: "gone" });
});

test("refused: an older version, an unknown or deleted endpoint, values that are none", async ({
  db,
}) => {
  const endpoint = await createEndpoint(db);
  const gone = await createEndpoint(db, ["kyc.*"], {}, endpoint.adminId);
  await db.as(
    user(endpoint.adminId),
    (sql) => sql`select private.delete_webhook_endpoint(${gone.endpointId}, null)`,
  );
  for (const [code, id, patch, version] of [
    ["NF050", endpoint.endpointId, { enabled: false }, 2],
    ["NF020", gone.endpointId, { enabled: false }, null],
    ["NF020", randomUUID(), { enabled: false }, 1],
    ["NF001", endpoint.endpointId, { event_types: ["kyc.x"] }, 1],
    ["NF001", endpoint.endpointId, { url: "gopher://x.example.com" }, 1],
    ["NF001", endpoint.endpointId, { description: "" }, 1],
  ] as const) {
    await expectDenied(db, code, {
      as: user(endpoint.adminId),
      does: (sql) =>
        sql`select private.update_webhook_endpoint(${id}, ${sql.json(patch)}, ${version})`,
      keeps: keepsWebhooks,
    });
  }
});

test("only an administrator changes, and only one learns the version", async ({ db }) => {
  const { endpointId } = await createEndpoint(db);
  for (const [as, code] of [
    [user(await createStaff(db, "compliance_admin", "auditor")), "NF010"],
    [service, "42501"],
  ] as const) {
    for (const does of [
      (sql: Db["sql"]) =>
        sql`select private.update_webhook_endpoint(${endpointId}, '{"enabled": false}', null)`,
      (sql: Db["sql"]) => sql`select private.webhook_endpoint_version(${endpointId})`,
    ]) {
      await expectDenied(db, code, { as, does, keeps: keepsWebhooks });
    }
  }
});
