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
import {
  type ApiEndpoint,
  createEndpoint,
  describeRolesOf,
  emitTo,
  webhooksOf,
  withoutEndpointsOfOthers,
} from "../helpers/api-webhooks.ts";

const owner = ownerConnection();
withoutEndpointsOfOthers(owner);
let admin: Account;
let customer: Account;
let endpoint: ApiEndpoint;

beforeAll(async () => {
  [admin, customer] = await Promise.all([createStaff(owner(), "admin"), createAccount()]);
});
beforeEach(async () => {
  endpoint = await createEndpoint(admin);
});

const remove = (): ApiRequest => ({
  as: admin.credential,
  params: endpoint.params,
  headers: { "if-match": '"v1"' },
});
const keeps = () => webhooksOf(owner);

describeCommonAnswers("admin.deleteWebhookEndpoint", {
  caller: () => admin.credential,
  outsider: () => customer.credential,
  request: () => ({ ...remove(), as: {} }),
  keeps,
});
describeRolesOf("admin.deleteWebhookEndpoint", { request: remove, owner });

test("204: it is listed no more, its secret is gone, what waited is dropped", async () => {
  const delivery = await emitTo(owner, endpoint);
  expect((await call("admin.deleteWebhookEndpoint", remove())).status).toBe(204);
  const { body } = await call("admin.listWebhookEndpoints", { as: admin.credential });
  expect(body.items).toEqual([]);
  const [left] = await owner()`
    select (select count(*)::int from private.webhook_secrets where endpoint_id = ${endpoint.id}) as secrets,
      (select status from private.webhook_deliveries where delivery_id = ${delivery}) as status`;
  expect(left).toEqual({ secrets: 0, status: "dropped" });
  const log = await call("admin.listWebhookDeliveries", {
    as: admin.credential,
    query: `?endpoint_id=${endpoint.id}`,
  });
  expect(log.body.items).toHaveLength(1);
});

test("404 for one that nobody has, and for the same one again", async () => {
  const unknown = { ...remove(), params: { endpoint_id: randomUUID() } };
  await expectProblem("admin.deleteWebhookEndpoint", 404, "not_found", unknown);
  await call("admin.deleteWebhookEndpoint", remove());
  const before = await keeps();
  await expectProblem("admin.deleteWebhookEndpoint", 404, "not_found", remove());
  expect(await keeps()).toEqual(before);
});
