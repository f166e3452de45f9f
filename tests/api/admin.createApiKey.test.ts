import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { type ApiRequest, type Credential, call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { describeIdempotency } from "../helpers/api-idempotency.ts";
import { newKey } from "../helpers/api-kyc.ts";
import { createMachineKey, type MachineKey } from "../helpers/api-operators.ts";
import { stackEnv } from "../helpers/stack-env.ts";

const owner = ownerConnection();
let admin: Account;
let customer: Account;

beforeAll(async () => {
  [admin, customer] = await Promise.all([createStaff(owner(), "admin"), createAccount()]);
});

const create = (changes: Readonly<Record<string, unknown>> = {}): ApiRequest => ({
  as: admin.credential,
  headers: newKey(),
  body: { name: "Core banking", scopes: ["users:read"], ...changes },
});

const keysOf = (id: string) =>
  owner()`select key_id from private.machine_keys where created_by = ${id} order by 1`;

describeCommonAnswers("admin.createApiKey", {
  caller: () => admin.credential,
  outsider: () => customer.credential,
  request: () => ({ ...create(), as: {} }),
  keeps: () => keysOf(admin.id),
});

describeIdempotency("admin.createApiKey", {
  caller: () => createStaff(owner(), "admin"),
  request: async () => ({ body: { name: "One", scopes: ["users:read"] } }),
  otherRequest: async () => ({ body: { name: "Two", scopes: ["users:read"] } }),
  effects: async ({ id }) => (await keysOf(id)).length,
  fresh: ["secret"],
});

describe("201", () => {
  test("the key is shown once: nothing that is stored contains it", async () => {
    const request = create({ expires_at: "2099-01-01T00:00:00.000Z" });
    const { body, headers } = await call("admin.createApiKey", request);
    const { secret, api_key } = body;
    expect(secret).toMatch(/^nffk_[A-Za-z0-9]{51}$/);
    expect(api_key).toMatchObject({
      name: "Core banking",
      scopes: ["users:read"],
      allowed_cidrs: [],
      prefix: secret.slice(0, 13),
      status: "active",
      created_by: admin.id,
      expires_at: "2099-01-01T00:00:00.000Z",
    });
    expect(headers.get("location")).toBe(`/functions/v1/admin/api-keys/${api_key.key_id}`);

    const [stored] = await owner()`
      select encode(secret_sha256, 'hex') as hash from private.machine_keys where key_id = ${api_key.key_id}`;
    expect(stored?.hash).toBe(createHash("sha256").update(secret).digest("hex"));
    const tail = secret.slice(13);
    const tables = await owner()<{ name: string }[]>`
      select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname in ('public', 'private', 'auth')`;
    for (const { name } of tables) {
      const found = await owner().unsafe(
        `select from ${name} as t where position('${tail}' in t::text) > 0`,
      );
      expect([name, found.length]).toEqual([name, 0]);
    }
  });

  test("a replay shows the entry and no key", async () => {
    const request = create();
    await call("admin.createApiKey", request);
    const { body } = await call("admin.createApiKey", request);
    expect(body.secret).toBeNull();
  });

  test("keys have nothing in common but their form", async () => {
    const keys = await Promise.all(Array.from({ length: 10 }, () => createMachineKey(admin)));
    expect(new Set(keys.map(({ secret }) => secret.slice(0, 13))).size).toBe(10);
    expect(new Set(keys.map(({ secret }) => secret.slice(13, 20))).size).toBe(10);
  });
});

describe("400", () => {
  test.each([
    ["scopes", { scopes: [] }],
    ["scopes", { scopes: ["users:read", "users:read"] }],
    ["scopes/0", { scopes: ["everything"] }],
    ["name", { name: "" }],
    ["allowed_cidrs/0", { allowed_cidrs: ["203.0.113.0"] }],
    ["allowed_cidrs", { allowed_cidrs: ["203.0.113.7/24"] }],
    ["allowed_cidrs", { allowed_cidrs: ["203.0.113.0/33"] }],
    ["expires_at", { expires_at: "2020-01-01T00:00:00Z" }],
    ["expires_at", { expires_at: "tomorrow" }],
  ])("for %s", async (pointer, changes) => {
    const before = await keysOf(admin.id);
    const { body } = await expectProblem(
      "admin.createApiKey",
      400,
      "validation_failed",
      create(changes),
    );
    expect(body.errors).toContainEqual(expect.objectContaining({ pointer: `#/${pointer}` }));
    expect(await keysOf(admin.id)).toEqual(before);
  });
});

describe("[KEY-01] what a key is worth", () => {
  const use = (as: Credential, headers: Readonly<Record<string, string>> = {}) =>
    call("users.listUsers", { as, headers, body: { limit: 1 } });
  const refused = async (
    key: MachineKey,
    status: number,
    code: string,
    headers: Readonly<Record<string, string>> = {},
  ) => {
    const answer = await expectProblem("users.listUsers", status, code, {
      as: key.credential,
      headers,
      body: {},
    });
    if (status === 401) {
      expect(answer.headers.get("www-authenticate")).toContain('error="invalid_token"');
    }
  };
  const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

  test("it works until it expires", async () => {
    const key = await createMachineKey(admin);
    expect((await use(key.credential)).status).toBe(200);
    await owner()`update private.machine_keys set expires_at = private.now() where key_id = ${key.keyId}`;
    await refused(key, 401, "api_key_expired");
  });

  test("a wrong one is invalid, however near it comes", async () => {
    const { secret } = await createMachineKey(admin);
    const last = secret.endsWith("A") ? "B" : "A";
    for (const wrong of [
      `${secret.slice(0, -1)}${last}`,
      `${secret}A`,
      secret.slice(0, -1),
      secret.slice(0, 13),
      `nffk_${"A".repeat(51)}`,
      secret.toLowerCase(),
      `${secret.slice(0, 13)}' or true --`,
    ]) {
      const { status, body } = await use(bearer(wrong));
      expect([wrong, status, body.code]).toEqual([
        wrong,
        401,
        wrong.includes("'") ? "invalid_token" : "invalid_api_key",
      ]);
    }
  });

  test("from another network it is refused; a header of the client's own does not help", async () => {
    const elsewhere = await createMachineKey(admin, { allowed_cidrs: ["198.51.100.0/24"] });
    await refused(elsewhere, 403, "network_not_allowed");
    await refused(elsewhere, 403, "network_not_allowed", { "x-forwarded-for": "198.51.100.7" });
    await refused(elsewhere, 403, "network_not_allowed", { "x-real-ip": "198.51.100.7" });
    await refused(elsewhere, 403, "network_not_allowed", { forwarded: "for=198.51.100.7" });
    const here = await createMachineKey(admin, {
      allowed_cidrs: ["198.51.100.0/24", "127.0.0.0/8", "::1/128"],
    });
    expect((await use(here.credential)).status).toBe(200);
  });

  test("it is worth nothing where people are asked for, nor in another header", async () => {
    const { credential, secret } = await createMachineKey(admin);
    await expectProblem("users.getMe", 401, "invalid_api_key", { as: credential });
    await expectProblem("admin.listApiKeys", 401, "invalid_api_key", { as: credential });
    await expectProblem("users.listUsers", 401, "unauthenticated", {
      as: { apikey: secret },
      body: {},
    });
    await expectProblem("worker.run", 401, "invalid_api_key", { as: { apikey: secret }, body: {} });
    const rest = await fetch(`${stackEnv().supabaseUrl}/rest/v1/profiles?select=user_id`, {
      headers: { apikey: stackEnv().publishableKey, ...credential },
    });
    expect(rest.status).toBe(401);
  });

  test("what it may not do, it is told before the request is looked at", async () => {
    const { credential: as } = await createMachineKey(admin, { scopes: ["users:read"] });
    await expectProblem("users.softDeleteUser", 403, "insufficient_scope", {
      as,
      query: "?surprise=1",
      raw: "{",
    });
  });
});
