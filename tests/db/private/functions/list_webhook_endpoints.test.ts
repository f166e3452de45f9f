import { expect } from "vitest";
import { anon, type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createStaff } from "../../../helpers/db-fixtures.ts";
import { createEndpoint, keepsWebhooks } from "../../../helpers/db-webhooks.ts";

const list = (db: Db, id: string, sort: string, after: unknown = null, limit = 10) =>
  db.as(user(id), async (sql) => {
    const rows = await sql<{ item: { endpoint_id: string; url: string }; cursor: unknown }[]>`
      select item, cursor from private.list_webhook_endpoints(
        ${sort}, ${after === null ? null : JSON.stringify(after)}::text::jsonb, ${limit})`;
    return [...rows];
  });

test("both ways, page by page, without what is deleted and without secrets", async ({ db }) => {
  const first = await createEndpoint(db);
  const made = [first.endpointId];
  for (let count = 0; count < 3; count += 1) {
    made.push((await createEndpoint(db, ["kyc.*"], {}, first.adminId)).endpointId);
  }
  const gone = await createEndpoint(db, ["kyc.*"], {}, first.adminId);
  await db.as(
    user(first.adminId),
    (sql) => sql`select private.delete_webhook_endpoint(${gone.endpointId}, null)`,
  );
  const auditor = await createStaff(db, "auditor");
  const up = await list(db, auditor, "created_at");
  const ids = up.map(({ item }) => item.endpoint_id);
  expect([...ids].sort()).toEqual([...made].sort());
  const down = await list(db, auditor, "-created_at");
  expect(down.map(({ item }) => item.endpoint_id)).toEqual([...ids].reverse());
  const rest = await list(db, auditor, "created_at", up[1]?.cursor, 1);
  expect(rest.map(({ item }) => item.endpoint_id)).toEqual(ids.slice(2, 3));
  expect(JSON.stringify(up)).not.toContain(first.secret);
});

test("the query of an address is for administrators only", async ({ db }) => {
  const { adminId } = await createEndpoint(db);
  const auditor = await createStaff(db, "auditor");
  const both = await createStaff(db, "auditor", "admin");
  for (const [url, masked] of [
    ["https://hooks.example.com/nff?key=hidden&b=?", "https://hooks.example.com/nff?***"],
    ["https://hooks.example.com?hidden", "https://hooks.example.com?***"],
    ["https://hooks.example.com/nff?", "https://hooks.example.com/nff?"],
    ["https://hooks.example.com/nff", "https://hooks.example.com/nff"],
  ] as const) {
    await db.sql`update private.webhook_endpoints set url = ${url}`;
    const urlFor = async (id: string) => (await list(db, id, "created_at"))[0]?.item.url;
    expect([await urlFor(auditor), await urlFor(adminId), await urlFor(both)]).toEqual([
      masked,
      url,
      url,
    ]);
  }
});

test("only auditors and administrators read it", async ({ db }) => {
  for (const [as, code] of [
    [user(await createStaff(db, "compliance_admin", "support", "reviewer", "approver")), "NF010"],
    [service, "42501"],
    [anon, "42501"],
  ] as const) {
    await expectDenied(db, code, {
      as,
      does: (sql) => sql`select * from private.list_webhook_endpoints('created_at', null, 1)`,
      keeps: keepsWebhooks,
    });
  }
});
