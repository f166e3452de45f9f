import postgres from "postgres";
import { describe, expect } from "vitest";
import { anon, type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createStaff } from "../../../helpers/db-fixtures.ts";
import { auditOf } from "../../../helpers/db-operators.ts";
import {
  claimOne,
  createEndpoint,
  emit,
  endpointOf,
  keepsWebhooks,
  newSecret,
} from "../../../helpers/db-webhooks.ts";

const create = (sql: Db["sql"], changes: Readonly<Record<string, unknown>> = {}) =>
  sql`select private.create_webhook_endpoint(
    ${sql.json({ url: "https://hooks.example.com/nff", event_types: ["kyc.*"], ...changes })}, ${newSecret()})`;

test("an endpoint is what was asked for, and its secret is not shown", async ({ db }) => {
  const { endpointId, secret, adminId } = await createEndpoint(db, ["kyc.*", "user.erased"], {
    description: "Core banking",
  });
  const endpoint = await endpointOf(db, endpointId);
  expect(endpoint).toMatchObject({
    url: "https://hooks.example.com/nff",
    description: "Core banking",
    event_types: ["kyc.*", "user.erased"],
    enabled: true,
    disabled_reason: null,
    version: 1,
    created_by: adminId,
  });
  expect(JSON.stringify(endpoint)).not.toContain(secret.slice(6));
  const entries = await auditOf(db, "webhook_endpoints");
  expect(entries.at(-1)).toMatchObject({
    action: "webhook_endpoint.created",
    actor_id: adminId,
  });
  expect(JSON.stringify(entries)).not.toContain("hooks.example.com");
});

test("one that is not enabled says that staff wants it so", async ({ db }) => {
  const { endpointId } = await createEndpoint(db, ["kyc.*"], { enabled: false });
  expect(await endpointOf(db, endpointId)).toMatchObject({
    enabled: false,
    disabled_reason: "by_staff",
  });
});

describe("NF001", () => {
  test.for([
    ["event_types", { event_types: ["kyc.invented"] }],
    ["event_types", { event_types: [] }],
    ["event_types", { event_types: ["*"] }],
    ["url", { url: "ftp://hooks.example.com/" }],
    ["url", { url: "https://hooks.example.com/#part" }],
    ["url", { url: `https://hooks.example.com/${"x".repeat(2_048)}` }],
    ["description", { description: " " }],
  ] as const)("for %s: %j", async ([detail, changes], { db }) => {
    const as = user(await createStaff(db, "admin"));
    await expect(db.as(as, (sql) => create(sql, changes))).rejects.toMatchObject({
      code: "NF001",
      detail,
    });
  });
});

test("there may be twenty and not one more; a deleted one makes room", async ({ db }) => {
  const { endpointId, adminId } = await createEndpoint(db);
  for (let count = 1; count < 20; count += 1) await createEndpoint(db, ["kyc.*"], {}, adminId);
  await expectDenied(db, "NF048", { as: user(adminId), does: create, keeps: keepsWebhooks });
  await db.as(
    user(adminId),
    (sql) => sql`select private.delete_webhook_endpoint(${endpointId}, null)`,
  );
  await expect(db.as(user(adminId), create)).resolves.toHaveLength(1);
});

test("only an administrator creates", async ({ db }) => {
  await createEndpoint(db);
  for (const [as, code] of [
    [
      user(await createStaff(db, "compliance_admin", "auditor", "support", "reviewer", "approver")),
      "NF010",
    ],
    [service, "42501"],
    [anon, "42501"],
  ] as const) {
    await expectDenied(db, code, { as, does: create, keeps: keepsWebhooks });
  }
});

/** Stands in for Vault, which plain Postgres lacks. */
const VAULT = `
  create table vault.secrets (id uuid primary key default gen_random_uuid(), name text, secret text);
  create view vault.decrypted_secrets as select id, name, secret as decrypted_secret from vault.secrets;
  create function vault.create_secret(new_secret text, new_name text default null) returns uuid
    language sql as 'insert into vault.secrets (secret, name) values (new_secret, new_name) returning id';
  grant usage on schema vault to postgres;
  grant all on vault.secrets, vault.decrypted_secrets to postgres;`;

test("where there is Vault, secrets lie there and nowhere else, until they go", async ({
  db,
  database,
}) => {
  const admin = postgres(database.adminUrl, { max: 1, onnotice: () => {} });
  await admin.unsafe(VAULT).simple();
  await admin.end();
  const { endpointId, secret, adminId } = await createEndpoint(db);
  await emit(db);
  const [stored] = await db.sql`
    select s.secret, v.secret as in_vault from private.webhook_secrets as s join vault.secrets as v on v.id = s.vault_id`;
  expect(stored).toEqual({ secret: null, in_vault: secret });
  expect((await claimOne(db)).secrets).toEqual([secret]);
  await db.as(
    user(adminId),
    (sql) => sql`select private.delete_webhook_endpoint(${endpointId}, null)`,
  );
  const [left] = await db.sql`select count(*)::int as n from vault.secrets`;
  expect(left).toEqual({ n: 0 });
});
