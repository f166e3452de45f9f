import { randomUUID } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
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

const rotate = (body?: object): ApiRequest => ({
  as: admin.credential,
  params: endpoint.params,
  headers: newKey(),
  ...(body && { body }),
});
const keeps = () => webhooksOf(owner);

describeCommonAnswers("admin.rotateWebhookSecret", {
  caller: () => admin.credential,
  outsider: () => customer.credential,
  request: () => ({ ...rotate({ overlap_minutes: 5 }), as: {} }),
  keeps,
});
describeRolesOf("admin.rotateWebhookSecret", { request: rotate, owner });

describeIdempotency("admin.rotateWebhookSecret", {
  caller: () => createStaff(owner(), "admin"),
  request: async (account) => ({
    params: (await createEndpoint(account)).params,
    body: { overlap_minutes: 5 },
  }),
  otherRequest: async (account) => ({
    params: (await createEndpoint(account)).params,
    body: { overlap_minutes: 5 },
  }),
  effects: async ({ id }) =>
    (await owner()`select from private.webhook_endpoints where created_by = ${id} and version > 1`)
      .length,
  fresh: ["secret"],
});

describe("200", () => {
  const left = async (id: string) => {
    const rows = await owner()<{ seconds: number | null }[]>`
      select extract(epoch from expires_at - private.now())::int as seconds
      from private.webhook_secrets where endpoint_id = ${id} order by created_at`;
    return rows.map(({ seconds }) => seconds);
  };

  test("another secret, the old one for a day more unless said otherwise", async () => {
    const { body, headers } = await call("admin.rotateWebhookSecret", rotate());
    expect(body.secret).not.toBe(endpoint.secret);
    expect(body.endpoint).toMatchObject({
      endpoint_id: endpoint.id,
      previous_secret_expires_at: expect.any(String),
      version: 2,
    });
    expect(headers.get("etag")).toBe('"v2"');
    const [old, fresh] = await left(endpoint.id);
    expect(old).toBeGreaterThan(86_300);
    expect(old).toBeLessThanOrEqual(86_400);
    expect(fresh).toBeNull();
  });

  test("no overlap ends the old one at once", async () => {
    await call("admin.rotateWebhookSecret", rotate({ overlap_minutes: 0 }));
    expect(await left(endpoint.id)).toEqual([null]);
  });

  test("a replay shows no secret", async () => {
    const request = rotate();
    await call("admin.rotateWebhookSecret", request);
    expect((await call("admin.rotateWebhookSecret", request)).body.secret).toBeNull();
  });
});

test("404 for an endpoint that nobody has", async () => {
  const unknown = { ...rotate(), params: { endpoint_id: randomUUID() } };
  const before = await keeps();
  await expectProblem("admin.rotateWebhookSecret", 404, "not_found", unknown);
  expect(await keeps()).toEqual(before);
});

test.each([-1, 10_081, 1.5, "60", null])("400 for an overlap of %j minutes", async (minutes) => {
  const before = await keeps();
  const request = rotate({ overlap_minutes: minutes });
  await expectProblem("admin.rotateWebhookSecret", 400, "validation_failed", request);
  expect(await keeps()).toEqual(before);
});
