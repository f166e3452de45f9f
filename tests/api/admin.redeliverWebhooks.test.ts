import { randomUUID } from "node:crypto";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { type ApiRequest, call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { describeIdempotency } from "../helpers/api-idempotency.ts";
import { newKey } from "../helpers/api-kyc.ts";
import {
  type ApiEndpoint,
  createEndpoint,
  describeRolesOf,
  emitTo,
  endDelivery,
  webhooksOf,
  withoutEndpointsOfOthers,
} from "../helpers/api-webhooks.ts";

const owner = ownerConnection();
withoutEndpointsOfOthers(owner);
let admin: Account;
let customer: Account;
let endpoint: ApiEndpoint;
let failed: string;

beforeAll(async () => {
  [admin, customer] = await Promise.all([createStaff(owner(), "admin"), createAccount()]);
});
/** An endpoint that is disabled, so that nothing is sent meanwhile; one delivery failed, one arrived. */
async function outage(account: Account) {
  const made = await createEndpoint(account, { enabled: false, event_types: ["kyc.*"] });
  const first = await emitTo(owner, made, "kyc.approved");
  await endDelivery(owner, first, "failed");
  await endDelivery(owner, await emitTo(owner, made, "kyc.rejected"), "delivered");
  return { made, first };
}
beforeEach(async () => {
  const { made, first } = await outage(admin);
  [endpoint, failed] = [made, first];
});

const redeliver = (filter: object = {}): ApiRequest => ({
  as: admin.credential,
  headers: newKey(),
  body: { endpoint_id: endpoint.id, ...filter },
});
const keeps = () => webhooksOf(owner);

describeCommonAnswers("admin.redeliverWebhooks", {
  caller: () => admin.credential,
  outsider: () => customer.credential,
  request: () => ({ ...redeliver(), as: {} }),
  keeps,
});
describeRolesOf("admin.redeliverWebhooks", { request: redeliver, owner });

describeIdempotency("admin.redeliverWebhooks", {
  caller: () => createStaff(owner(), "admin"),
  request: async (account) => ({ body: { endpoint_id: (await outage(account)).made.id } }),
  otherRequest: async (account) => ({ body: { endpoint_id: (await outage(account)).made.id } }),
  effects: async ({ id }) =>
    (
      await owner()`
        select from private.webhook_deliveries as d
        join private.webhook_endpoints as e on e.endpoint_id = d.endpoint_id and e.created_by = ${id}
        where d.redelivery_of is not null`
    ).length,
});

test("202: what failed is sent again, once", async () => {
  const first = await call("admin.redeliverWebhooks", redeliver());
  expect([first.status, first.body]).toEqual([202, { redelivered: 1, more: false }]);
  const copies = await owner()`
    select status from private.webhook_deliveries where redelivery_of = ${failed}`;
  expect([...copies]).toEqual([{ status: "pending" }]);
  const second = await call("admin.redeliverWebhooks", redeliver());
  expect(second.body).toEqual({ redelivered: 0, more: false });
});

test("202: by status, type, subject and time", async () => {
  const counts: number[] = [];
  for (const filter of [
    { subject_id: randomUUID() },
    { created_from: "2099-01-01T00:00:00.000Z" },
    { created_to: "2020-01-01T00:00:00.000Z" },
    { event_type: ["kyc.rejected"] },
    { event_type: ["kyc.rejected"], status: ["delivered"] },
    { status: ["failed", "delivered"] },
  ]) {
    counts.push((await call("admin.redeliverWebhooks", redeliver(filter))).body.redelivered);
  }
  expect(counts).toEqual([0, 0, 0, 0, 1, 1]);
});

test("404 for an endpoint that nobody has", async () => {
  const before = await keeps();
  const request = redeliver({ endpoint_id: randomUUID() });
  await expectProblem("admin.redeliverWebhooks", 404, "not_found", request);
  expect(await keeps()).toEqual(before);
});

test.each([
  { status: ["pending"] },
  { status: [] },
  { event_type: ["kyc.*"] },
  { endpoint_id: "all" },
  { limit: 5 },
])("400 for %j", async (filter) => {
  const before = await keeps();
  await expectProblem("admin.redeliverWebhooks", 400, "validation_failed", redeliver(filter));
  expect(await keeps()).toEqual(before);
});
