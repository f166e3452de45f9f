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
  withoutEndpointsOfOthers,
} from "../helpers/api-webhooks.ts";

const owner = ownerConnection();
withoutEndpointsOfOthers(owner);
let admin: Account;
let auditor: Account;
let customer: Account;
let endpoints: ApiEndpoint[];

beforeAll(async () => {
  [admin, auditor, customer] = await Promise.all([
    createStaff(owner(), "admin"),
    createStaff(owner(), "auditor"),
    createAccount(),
  ]);
});
beforeEach(async () => {
  endpoints = [];
  for (let count = 0; count < 4; count += 1) endpoints.push(await createEndpoint(admin));
});

describeCommonAnswers("admin.listWebhookEndpoints", {
  caller: () => auditor.credential,
  outsider: () => customer.credential,
  request: () => ({}),
});
describeRolesOf("admin.listWebhookEndpoints", { request: () => ({}), owner });
describePages("admin.listWebhookEndpoints", {
  caller: () => auditor,
  otherCaller: () => admin,
  request: () => ({}),
  idOf: ({ endpoint_id }) => endpoint_id,
  count: 4,
});

const list = (query = "") => call("admin.listWebhookEndpoints", { as: auditor.credential, query });

test("newest first, or turned round; never a secret", async () => {
  const ids = endpoints.map(({ id }) => id);
  const { body, text } = await list();
  const idsOf = (items: { endpoint_id: string }[]) => items.map(({ endpoint_id }) => endpoint_id);
  expect(idsOf(body.items)).toEqual(ids.toReversed());
  expect(idsOf((await list("?sort=created_at")).body.items)).toEqual(ids);
  for (const { secret } of endpoints) expect(text).not.toContain(secret.slice(6));
  expect(text).not.toContain("whsec_");
});

test("an auditor does not see the query of an address, which may be a key of the receiver", async () => {
  const url = "https://1.1.1.1/nff?key=hidden";
  const { id } = await createEndpoint(admin, { url });
  const urlFor = async ({ credential }: Account) => {
    const { body } = await call("admin.listWebhookEndpoints", { as: credential });
    return body.items.find((item: { endpoint_id: string }) => item.endpoint_id === id)?.url;
  };
  expect(await urlFor(auditor)).toBe("https://1.1.1.1/nff?***");
  expect(await urlFor(admin)).toBe(url);
});

test.each(["sort=url", "limit=0", "enabled=true"])("400 for %s", async (query) => {
  const request = { as: auditor.credential, query: `?${query}` };
  await expectProblem("admin.listWebhookEndpoints", 400, "validation_failed", request);
});
