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

const update = (body: object, tag = '"v1"'): ApiRequest => ({
  as: admin.credential,
  params: endpoint.params,
  headers: { "if-match": tag },
  body,
});
const keeps = () => webhooksOf(owner);

describeCommonAnswers("admin.updateWebhookEndpoint", {
  caller: () => admin.credential,
  outsider: () => customer.credential,
  request: () => ({ ...update({ enabled: false }), as: {} }),
  keeps,
});
describeRolesOf("admin.updateWebhookEndpoint", {
  request: () => update({ enabled: false }),
  owner,
});

describe("200", () => {
  test("what is named changes, and the version with it", async () => {
    const { body, headers } = await call(
      "admin.updateWebhookEndpoint",
      update({ url: "https://1.0.0.1/new", description: "New" }),
    );
    expect(body).toMatchObject({
      endpoint_id: endpoint.id,
      url: "https://1.0.0.1/new",
      description: "New",
      event_types: ["webhook.*"],
      version: 2,
    });
    expect(headers.get("etag")).toBe('"v2"');
    const cleared = await call(
      "admin.updateWebhookEndpoint",
      update({ description: null, event_types: ["user.*"] }, '"v9", "v2"'),
    );
    expect(cleared.body).toMatchObject({ description: null, event_types: ["user.*"], version: 3 });
  });

  test("off and on again", async () => {
    const off = await call("admin.updateWebhookEndpoint", update({ enabled: false }));
    expect(off.body).toMatchObject({ enabled: false, disabled_reason: "by_staff" });
    const on = await call("admin.updateWebhookEndpoint", update({ enabled: true }, "*"));
    expect(on.body).toMatchObject({ enabled: true, disabled_reason: null, disabled_at: null });
    const entries = await owner()`
      select action, details::jsonb from private.audit_log
      where subject_id = ${endpoint.id} and action = 'webhook_endpoint.updated' order by sequence`;
    expect(entries.map(({ details }) => details)).toEqual([
      { members: ["enabled"], enabled: false },
      { members: ["enabled"], enabled: true },
    ]);
  });
});

test("412 when somebody else was quicker", async () => {
  await call("admin.updateWebhookEndpoint", update({ enabled: false }));
  const before = await keeps();
  await expectProblem(
    "admin.updateWebhookEndpoint",
    412,
    "precondition_failed",
    update({ enabled: true }),
  );
  expect(await keeps()).toEqual(before);
});

test("404 for an endpoint that nobody has, or that is deleted", async () => {
  const unknown = { ...update({ enabled: false }), params: { endpoint_id: randomUUID() } };
  await expectProblem("admin.updateWebhookEndpoint", 404, "not_found", unknown);
  await call("admin.deleteWebhookEndpoint", { ...update({}), body: undefined });
  const before = await keeps();
  await expectProblem(
    "admin.updateWebhookEndpoint",
    404,
    "not_found",
    update({ enabled: true }, "*"),
  );
  expect(await keeps()).toEqual(before);
});

test.each(["https://192.168.1.1/", "http://1.1.1.1:8080/", "https://[fd00:ec2::254]/"])(
  "[SSRF-01] 422 for %s",
  async (url) => {
    const before = await keeps();
    await expectProblem("admin.updateWebhookEndpoint", 422, "unsafe_url", update({ url }));
    expect(await keeps()).toEqual(before);
  },
);

test.each([{}, { event_types: [] }, { event_types: null }, { enabled: null }, { version: 2 }])(
  "400 for %j",
  async (body) => {
    const before = await keeps();
    await expectProblem("admin.updateWebhookEndpoint", 400, "validation_failed", update(body));
    expect(await keeps()).toEqual(before);
  },
);
