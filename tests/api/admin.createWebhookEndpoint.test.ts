import { beforeAll, describe, expect, test } from "vitest";
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
  createEndpoint,
  describeRolesOf,
  webhooksOf,
  withoutEndpointsOfOthers,
} from "../helpers/api-webhooks.ts";

const owner = ownerConnection();
withoutEndpointsOfOthers(owner);
let admin: Account;
let customer: Account;

beforeAll(async () => {
  [admin, customer] = await Promise.all([createStaff(owner(), "admin"), createAccount()]);
});

const create = (changes: Readonly<Record<string, unknown>> = {}): ApiRequest => ({
  as: admin.credential,
  headers: newKey(),
  body: { url: "https://1.1.1.1/nff", event_types: ["kyc.*"], ...changes },
});
const keeps = () => webhooksOf(owner);

describeCommonAnswers("admin.createWebhookEndpoint", {
  caller: () => admin.credential,
  outsider: () => customer.credential,
  request: () => ({ ...create(), as: {} }),
  keeps,
});
describeRolesOf("admin.createWebhookEndpoint", { request: create, owner });

describeIdempotency("admin.createWebhookEndpoint", {
  caller: () => createStaff(owner(), "admin"),
  request: async () => ({ body: { url: "https://1.1.1.1/one", event_types: ["kyc.*"] } }),
  otherRequest: async () => ({ body: { url: "https://1.1.1.1/two", event_types: ["kyc.*"] } }),
  effects: async ({ id }) =>
    (await owner()`select from private.webhook_endpoints where created_by = ${id}`).length,
  fresh: ["secret"],
});

describe("201", () => {
  test("[HOOK-01] the secret is shown once: it lies where no API role reads, and nowhere else", async () => {
    const request = create({ description: "Core banking" });
    const { body, headers } = await call("admin.createWebhookEndpoint", request);
    const { secret, endpoint } = body;
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(endpoint).toMatchObject({
      url: "https://1.1.1.1/nff",
      description: "Core banking",
      event_types: ["kyc.*"],
      enabled: true,
      previous_secret_expires_at: null,
      version: 1,
      created_by: admin.id,
    });
    expect(headers.get("etag")).toBe('"v1"');
    expect(headers.get("location")).toBe(
      `/functions/v1/admin/webhook-endpoints/${endpoint.endpoint_id}`,
    );
    expect((await call("admin.createWebhookEndpoint", request)).body.secret).toBeNull();
    const tables = await owner()<{ name: string }[]>`
      select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname in ('public', 'private', 'auth')`;
    const holders: string[] = [];
    for (const { name } of tables) {
      const found = await owner().unsafe(
        `select from ${name} as t where position('${secret.slice(6)}' in t::text) > 0`,
      );
      if (found.length > 0) holders.push(name);
    }
    expect(holders).toEqual(["private.webhook_secrets"]);
  });

  test("what is audited names the endpoint and not its URL, which may hold a key", async () => {
    const { id } = await createEndpoint(admin, { url: "https://1.1.1.1/x?key=hidden" });
    const entries = await owner()`
      select action, actor_id, details from private.audit_log where subject_id = ${id}`;
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({ action: "webhook_endpoint.created", actor_id: admin.id });
    expect(JSON.stringify(entries)).not.toContain("hidden");
  });

  test("on a development deployment, a receiver on this machine", async () => {
    await createEndpoint(admin, { url: "http://127.0.0.1:3000/hooks" });
    await createEndpoint(admin, { url: "http://localhost:3000/hooks" });
  });
});

describe("422 unsafe_url", () => {
  test.each([
    "https://10.0.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::ffff:10.0.0.1]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://167772161/",
    "https://0.0.0.0/",
    "http://1.1.1.1/",
    "https://1.1.1.1:25/",
    "http://127.0.0.1:80/",
    "https://user:hunter2@1.1.1.1/",
    "https://no-such-host.invalid/",
  ])("[SSRF-01] for %s", async (url) => {
    const before = await keeps();
    const { text } = await expectProblem(
      "admin.createWebhookEndpoint",
      422,
      "unsafe_url",
      create({ url }),
    );
    expect(text).not.toContain("hunter2");
    expect(await keeps()).toEqual(before);
  });
});

describe("400", () => {
  test.each([
    ["url", { url: "ftp://1.1.1.1/" }],
    ["url", { url: "https://1.1.1.1/#x" }],
    ["url", { url: `https://1.1.1.1/${"x".repeat(2_048)}` }],
    ["event_types", { event_types: [] }],
    ["event_types", { event_types: ["kyc.*", "kyc.*"] }],
    ["event_types/0", { event_types: ["*"] }],
    ["description", { description: "" }],
    ["enabled", { enabled: "yes" }],
  ])("for %s", async (pointer, changes) => {
    const before = await keeps();
    const { body } = await expectProblem(
      "admin.createWebhookEndpoint",
      400,
      "validation_failed",
      create(changes),
    );
    expect(body.errors).toContainEqual(expect.objectContaining({ pointer: `#/${pointer}` }));
    expect(await keeps()).toEqual(before);
  });
});

test("409 for the twenty-first", async () => {
  for (let count = 0; count < 20; count += 1) await createEndpoint(admin);
  const before = await keeps();
  await expectProblem("admin.createWebhookEndpoint", 409, "too_many_endpoints", create());
  expect(await keeps()).toEqual(before);
});
