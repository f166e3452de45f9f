import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { test, user } from "../../../helpers/db.ts";
import { createEndpoint } from "../../../helpers/db-webhooks.ts";

test("the version of an endpoint, null for what is not there any more", async ({ db }) => {
  const { endpointId, adminId } = await createEndpoint(db);
  const versionOf = (id: string) =>
    db.as(user(adminId), async (sql) => {
      const [row] = await sql`select private.webhook_endpoint_version(${id}) as version`;
      return row?.version;
    });
  expect([await versionOf(endpointId), await versionOf(randomUUID())]).toEqual([1, null]);
  await db.as(
    user(adminId),
    (sql) => sql`select private.delete_webhook_endpoint(${endpointId}, 1)`,
  );
  expect(await versionOf(endpointId)).toBeNull();
});
