import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { OperationId } from "../../supabase/functions/_shared/generated/contract.ts";
import { operations } from "../../supabase/functions/_shared/generated/operations.ts";
import { ANONYMOUS, type ApiRequest, call, expectProblem } from "./api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  type ownerConnection,
  secretKey,
  suspend,
} from "./api-accounts.ts";
import { newKey } from "./api-kyc.ts";
import { createMachineKey } from "./api-operators.ts";

type Owner = ReturnType<typeof ownerConnection>;

/** An endpoint as its administrator got it. */
export type ApiEndpoint = {
  readonly id: string;
  readonly secret: string;
  readonly params: { readonly endpoint_id: string };
};

export async function createEndpoint(
  admin: Account,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<ApiEndpoint> {
  const { status, body, text } = await call("admin.createWebhookEndpoint", {
    as: admin.credential,
    headers: newKey(),
    body: { url: "https://1.1.1.1/nff", event_types: ["webhook.*"], ...changes },
  });
  if (status !== 201) throw new Error(`No endpoint was created: ${text}`);
  const id = body.endpoint.endpoint_id;
  return { id, secret: body.secret, params: { endpoint_id: id } };
}

/** Endpoints hear of everybody, and there may be few: a file leaves none behind, nor starts with any. */
export function withoutEndpointsOfOthers(owner: Owner): void {
  const clear = () => owner()`
    with gone as (
      update private.webhook_endpoints set deleted_at = private.now() where deleted_at is null returning endpoint_id)
    update private.webhook_deliveries set status = 'dropped', next_attempt_at = null, lease_id = null
    where status = 'pending' and endpoint_id in (select endpoint_id from gone)`;
  beforeEach(clear);
  afterAll(clear);
}

/** Everything that the operations on webhooks may change. */
export async function webhooksOf(owner: Owner): Promise<unknown> {
  const [row] = await owner()`
    select (select jsonb_agg(e order by endpoint_id) from private.webhook_endpoints as e) as endpoints,
      (select jsonb_agg(s order by secret_id) from private.webhook_secrets as s) as secrets,
      (select jsonb_agg(d order by delivery_id) from private.webhook_deliveries as d) as deliveries`;
  return row;
}

/** Makes an event and with it a delivery to every endpoint that wants it; returns the deliveries. */
export async function emitTo(
  owner: Owner,
  endpoint: ApiEndpoint,
  type = "webhook.endpoint_disabled",
  subjectId: string = crypto.randomUUID(),
): Promise<string> {
  const [row] = await owner()<{ id: string }[]>`
    with made as materialized (select private.webhook_emit(${type}, ${subjectId}, null, '{}')) select * from made`.then(
    () => owner()<{ id: string }[]>`
      select d.delivery_id as id from private.webhook_deliveries as d
      join private.webhook_messages as m on m.message_id = d.message_id
      where m.subject_id = ${subjectId} and d.endpoint_id = ${endpoint.id}
      order by m.sequence desc limit 1`,
  );
  if (!row) throw new Error("Nothing is to be delivered.");
  return row.id;
}

/** Says that a delivery has ended. */
export const endDelivery = (owner: Owner, id: string, status: "delivered" | "failed") => owner()`
  update private.webhook_deliveries set status = ${status}, next_attempt_at = null where delivery_id = ${id}`;

const STAFF = ["support", "reviewer", "approver", "compliance_admin", "auditor", "admin"] as const;

/** Tests that only the roles of the contract may do something, and nothing is changed by anybody else. */
export function describeRolesOf(
  id: OperationId,
  { request, owner }: { readonly request: () => ApiRequest; readonly owner: Owner },
): void {
  const allowed: readonly string[] = operations[id].roles;
  describe(`${id}: who may`, () => {
    let admin: Account;
    beforeAll(async () => {
      admin = await createStaff(owner(), "admin");
    });
    const refused = async (status: number, code: string, as: ApiRequest["as"]) => {
      const before = await webhooksOf(owner);
      await expectProblem(id, status, code, { ...request(), as: as ?? ANONYMOUS });
      expect(await webhooksOf(owner)).toEqual(before);
    };

    test.each(STAFF.filter((role) => !allowed.includes(role)))("403 for %s", async (role) => {
      await refused(403, "forbidden", (await createStaff(owner(), role)).credential);
    });

    test("403 for a person, and for staff that is suspended", async () => {
      await refused(403, "forbidden", (await createAccount()).credential);
      const staff = await createStaff(owner(), "admin");
      await suspend(owner(), staff);
      const { status } = await call(id, { ...request(), as: staff.credential });
      expect([401, 403]).toContain(status);
    });

    test("401 for a machine key, and for the key of the server", async () => {
      await refused(401, "invalid_api_key", (await createMachineKey(admin)).credential);
      await refused(401, "unauthenticated", secretKey());
    });
  });
}
