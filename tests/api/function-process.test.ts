import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectCommon, readAnswer } from "../helpers/api.ts";
import { type Account, createAccount, ownerConnection } from "../helpers/api-accounts.ts";
import {
  functionEnv,
  type RunningFunction,
  startFunction,
  startRefused,
} from "../helpers/api-function.ts";
import { type ForeignKey, newKey, sign } from "../helpers/api-tokens.ts";
import { stackEnv } from "../helpers/stack-env.ts";

const CONNECTIONS = "nff-function-process-test";
const owner = ownerConnection();
const folder = new URL("../../supabase/functions/", import.meta.url);
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith("_"))
  .map(({ name }) => name);

describe("every function under Deno", () => {
  test.each(names)("%s starts and answers", async (name) => {
    const { url, stop } = await startFunction(name);
    try {
      const answer = await readAnswer(await fetch(`${url}/no-such-route`));
      expectCommon(answer);
      expect([404, 405]).toContain(answer.status);
    } finally {
      await stop();
    }
  });

  test.each(names)("%s does not start half configured, and says what is missing", async (name) => {
    const { CURSOR_SECRET: _, ...env } = functionEnv();
    const { code, output } = await startRefused(name, env);
    expect(code).not.toBe(0);
    expect(output).toContain("This function cannot start: CURSOR_SECRET is missing.");
  });

  test.each(["kyc-webhook", "worker"])(
    "%s does not start without the provider's secrets",
    async (name) => {
      const { output } = await startRefused(name, functionEnv({ KYC_MOCK_WEBHOOK_SECRETS: "" }));
      expect(output).toContain("This function cannot start: KYC_MOCK_WEBHOOK_SECRETS is missing.");
    },
  );
});

describe("with a signing key of the test", () => {
  let key: ForeignKey;
  let person: Account;
  let users: RunningFunction;

  beforeAll(async () => {
    [key, person] = await Promise.all([newKey(), createAccount()]);
    const SUPABASE_JWKS = JSON.stringify({ keys: [key.publicJwk] });
    // A name of its own for its connections: the stack's own function serves other tests meanwhile.
    const DATABASE_URL = `${stackEnv().dbUrl}?application_name=${CONNECTIONS}`;
    users = await startFunction("users", functionEnv({ SUPABASE_JWKS, DATABASE_URL }));
  });
  afterAll(() => users?.stop());

  const seconds = () => Math.floor(Date.now() / 1_000);
  const claims = (changes: Record<string, unknown> = {}) => ({
    iss: `${stackEnv().supabaseUrl}/auth/v1`,
    aud: "authenticated",
    role: "authenticated",
    sub: person.id,
    iat: seconds(),
    exp: seconds() + 60,
    ...changes,
  });
  const getMe = async (changes: Record<string, unknown> = {}) => {
    const authorization = `Bearer ${await sign(key, claims(changes))}`;
    return readAnswer(await fetch(`${users.url}/me`, { headers: { authorization } }));
  };

  test("a token of this key is believed", async () => {
    const { status, body } = await getMe();
    expect([status, body.user_id]).toEqual([200, person.id]);
  });

  test("an expired one is told so", async () => {
    const { status, body, headers } = await getMe({ exp: seconds() - 1 });
    expect([status, body.code]).toEqual([401, "token_expired"]);
    expect(headers.get("www-authenticate")).toContain('error="invalid_token"');
  });

  test.each<[string, () => Record<string, unknown>]>([
    ["is not valid yet", () => ({ nbf: seconds() + 60 })],
    ["comes from another issuer", () => ({ iss: "https://evil.example/auth/v1" })],
    ["is for another audience", () => ({ aud: "anon" })],
    ["is a service's", () => ({ role: "service_role" })],
    ["names no user", () => ({ sub: "me" })],
  ])("one that %s is not believed", async (_what, changes) => {
    const { status, body } = await getMe(changes());
    expect([status, body.code]).toEqual([401, "invalid_token"]);
  });

  test("lost connections are replaced", async () => {
    await getMe();
    const ended = await owner()`
      select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = ${CONNECTIONS} and state = 'idle'
    `;
    expect(ended.length).toBeGreaterThan(0);
    await expect.poll(async () => (await getMe()).status, { timeout: 5_000 }).toBe(200);
  });

  test("its log says what happened, and nothing about whom", async () => {
    const headers = { "x-request-id": "the-request-of-this-test" };
    const authorization = `Bearer ${await sign(key, claims())}`;
    await fetch(`${users.url}/me?email=${person.email}`, {
      headers: { ...headers, authorization },
    });
    const find = () => users.lines().find((line) => line.includes(headers["x-request-id"])) ?? "";
    await expect.poll(find).not.toBe("");
    expect(JSON.parse(find())).toMatchObject({
      level: "info",
      message: "request",
      function: "users",
      operation: "users.getMe",
      method: "GET",
      status: 400,
      code: "validation_failed",
      duration_ms: expect.any(Number),
    });
    expect(users.lines().join("\n")).not.toMatch(/eyJ|@example\.com|Schmidt/);
  });
});

test("without a database a function answers 503 and stays up", async () => {
  const key = await newKey();
  const env = functionEnv({ SUPABASE_JWKS: JSON.stringify({ keys: [key.publicJwk] }) });
  const users = await startFunction("users", {
    ...env,
    DATABASE_URL: "postgresql://postgres:postgres@127.0.0.1:1/postgres",
  });
  try {
    const authorization = `Bearer ${await sign(key, {
      iss: `${stackEnv().supabaseUrl}/auth/v1`,
      aud: "authenticated",
      role: "authenticated",
      sub: crypto.randomUUID(),
      exp: Math.floor(Date.now() / 1_000) + 60,
    })}`;
    const answer = await readAnswer(await fetch(`${users.url}/me`, { headers: { authorization } }));
    expectCommon(answer);
    expect([answer.status, answer.body.code]).toEqual([503, "service_unavailable"]);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await fetch(`${users.url.replace("users", "nothing")}`)).status).toBe(404);
  } finally {
    await users.stop();
  }
});
