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
let delivery: string;

beforeAll(async () => {
  [admin, customer] = await Promise.all([createStaff(owner(), "admin"), createAccount()]);
});
// Nothing is sent to a disabled endpoint, so what is seen here is what the operation made.
beforeEach(async () => {
  endpoint = await createEndpoint(admin, { enabled: false });
  delivery = await emitTo(owner, endpoint);
  await endDelivery(owner, delivery, "delivered");
});

const redeliver = (): ApiRequest => ({
  as: admin.credential,
  params: { delivery_id: delivery },
  headers: newKey(),
});
const keeps = () => webhooksOf(owner);
const copies = async (id: string) =>
  (await owner()`select from private.webhook_deliveries where redelivery_of = ${id}`).length;

describeCommonAnswers("admin.redeliverWebhook", {
  caller: () => admin.credential,
  outsider: () => customer.credential,
  request: () => ({ ...redeliver(), as: {} }),
  keeps,
});
describeRolesOf("admin.redeliverWebhook", { request: redeliver, owner });

describeIdempotency("admin.redeliverWebhook", {
  caller: () => createStaff(owner(), "admin"),
  request: async () => ({ params: { delivery_id: delivery } }),
  otherRequest: async () => ({ params: { delivery_id: await emitTo(owner, endpoint) } }),
  effects: async () => copies(delivery),
});

test("202: the same event again, with the delivery it repeats", async () => {
  const { body } = await call("admin.redeliverWebhook", redeliver());
  const [old] = await owner()`
    select message_id from private.webhook_deliveries where delivery_id = ${delivery}`;
  expect(body).toMatchObject({
    endpoint_id: endpoint.id,
    event_id: old?.message_id,
    redelivery_of: delivery,
    status: "pending",
    attempts: 0,
    next_attempt_at: expect.any(String),
  });
});

test("404 for a delivery that nobody has, and when the endpoint is deleted", async () => {
  const unknown = { ...redeliver(), params: { delivery_id: randomUUID() } };
  await expectProblem("admin.redeliverWebhook", 404, "not_found", unknown);
  await call("admin.deleteWebhookEndpoint", {
    as: admin.credential,
    params: endpoint.params,
    headers: { "if-match": "*" },
  });
  const before = await keeps();
  await expectProblem("admin.redeliverWebhook", 404, "not_found", redeliver());
  expect(await keeps()).toEqual(before);
});
