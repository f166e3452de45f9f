import { randomUUID } from "node:crypto";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { describePages } from "../helpers/api-pages.ts";
import {
  type ApiEndpoint,
  createEndpoint,
  describeRolesOf,
  emitTo,
  endDelivery,
  withoutEndpointsOfOthers,
} from "../helpers/api-webhooks.ts";

const owner = ownerConnection();
withoutEndpointsOfOthers(owner);
let admin: Account;
let auditor: Account;
let customer: Account;
let endpoint: ApiEndpoint;
let deliveries: string[];
const subject = randomUUID();

beforeAll(async () => {
  [admin, auditor, customer] = await Promise.all([
    createStaff(owner(), "admin"),
    createStaff(owner(), "auditor"),
    createAccount(),
  ]);
});
beforeEach(async () => {
  endpoint = await createEndpoint(admin, { enabled: false, event_types: ["kyc.*", "user.erased"] });
  deliveries = [];
  for (const type of ["kyc.draft", "kyc.submitted", "kyc.approved", "user.erased"]) {
    deliveries.push(await emitTo(owner, endpoint, type, subject));
  }
});

const mine = () => ({ query: `?endpoint_id=${endpoint.id}` });
describeCommonAnswers("admin.listWebhookDeliveries", {
  caller: () => auditor.credential,
  outsider: () => customer.credential,
  request: () => ({}),
});
describeRolesOf("admin.listWebhookDeliveries", { request: () => ({}), owner });
describePages("admin.listWebhookDeliveries", {
  caller: () => auditor,
  otherCaller: () => admin,
  request: mine,
  idOf: ({ delivery_id }) => delivery_id,
  count: 4,
});

const list = async (query: string) => {
  const { body } = await call("admin.listWebhookDeliveries", {
    as: auditor.credential,
    query: `${mine().query}${query}`,
  });
  return body.items.map(({ delivery_id }: { delivery_id: string }) => delivery_id);
};

test("newest first, or turned round", async () => {
  expect(await list("")).toEqual(deliveries.toReversed());
  expect(await list("&sort=created_at")).toEqual(deliveries);
});

test("by status, type, subject and time", async () => {
  const [draft = "", submitted, approved, erased] = deliveries;
  await endDelivery(owner, draft, "failed");
  expect(await list("&status=failed")).toEqual([draft]);
  expect(await list("&status=failed&status=pending")).toHaveLength(4);
  expect(await list("&event_type=kyc.approved&event_type=user.erased")).toEqual([erased, approved]);
  expect(await list(`&subject_id=${subject}&event_type=kyc.submitted`)).toEqual([submitted]);
  expect(await list(`&subject_id=${randomUUID()}`)).toEqual([]);
  expect(await list("&created_from=2099-01-01T00:00:00.000Z")).toEqual([]);
  expect(await list("&created_to=2099-01-01T00:00:00.000Z")).toHaveLength(4);
});

test.each([
  "status=lost",
  "event_type=kyc.*",
  "endpoint_id=x",
  "created_from=today",
  "sort=status",
])("400 for %s", async (query) => {
  const request = { as: auditor.credential, query: `?${query}` };
  await expectProblem("admin.listWebhookDeliveries", 400, "validation_failed", request);
});
