import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { expect, test } from "vitest";
import {
  readEnvironment,
  readKycProviderEnvironment,
} from "../../../supabase/functions/_shared/env.ts";

const COMPLETE = {
  SUPABASE_URL: "http://127.0.0.1:54321/",
  SUPABASE_DB_URL: "postgresql://postgres:postgres@127.0.0.1:54322/postgres",
  SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_a"}',
  SUPABASE_SECRET_KEYS: '{"default":"sb_secret_a","worker":"sb_secret_b"}',
  CURSOR_SECRET: "x".repeat(32),
};

const PROVIDER = {
  SUPABASE_URL: "http://127.0.0.1:54321",
  KYC_PROVIDER: "mock",
  KYC_MOCK_URL: "http://127.0.0.1:54330",
  KYC_MOCK_API_KEY: "key",
  KYC_MOCK_WEBHOOK_SECRETS: "whsec_current, whsec_previous",
};

test("what may be left out has a default", () => {
  expect(readEnvironment(COMPLETE)).toMatchObject({
    apiUrl: "http://127.0.0.1:54321",
    publicApiUrl: "http://127.0.0.1:54321",
    databaseUrl: COMPLETE.SUPABASE_DB_URL,
    publishableKey: "sb_publishable_a",
    secretKey: "sb_secret_a",
    jwks: null,
    jwtIssuer: "http://127.0.0.1:54321/auth/v1",
    corsOrigins: new Set(),
    logLevel: "info",
  });
});

test("settings of our own come before those of the platform", () => {
  const databaseUrl = "postgresql://u:p@pooler.example.com:6543/postgres";
  const env = readEnvironment({
    ...COMPLETE,
    DATABASE_URL: databaseUrl,
    JWT_ISSUER: "https://auth.example.com",
    PUBLIC_API_URL: "https://api.example.com/",
    CORS_ORIGINS: " https://a.example.com ,, https://b.example.com",
  });
  expect(env).toMatchObject({
    databaseUrl,
    jwtIssuer: "https://auth.example.com",
    publicApiUrl: "https://api.example.com",
    corsOrigins: new Set(["https://a.example.com", "https://b.example.com"]),
  });
});

test("an empty key set is no key set: the keys are fetched", () => {
  expect(readEnvironment({ ...COMPLETE, SUPABASE_JWKS: '{"keys":[]}' }).jwks).toBeNull();
});

test.each(Object.keys(COMPLETE))("without %s nothing starts, and one sentence says why", (name) => {
  const variable = name === "SUPABASE_DB_URL" ? "DATABASE_URL" : name;
  const expected = `This function cannot start: ${variable} is missing.`;
  expect(() => readEnvironment({ ...COMPLETE, [name]: "" })).toThrow(expected);
  expect(() => readEnvironment({ ...COMPLETE, [name]: undefined })).toThrow(expected);
});

test.each([
  ["SUPABASE_URL", "127.0.0.1"],
  ["SUPABASE_SECRET_KEYS", "sb_secret_a"],
  ["SUPABASE_SECRET_KEYS", "{}"],
  ["SUPABASE_SECRET_KEYS", '{"default":"eyJhbGciOiJIUzI1NiJ9"}'],
  ["SUPABASE_JWKS", "[]"],
  ["CURSOR_SECRET", "short"],
  ["DATABASE_URL", "mysql://localhost/x"],
  ["DATABASE_POOL_MAX", "0"],
  ["LOG_LEVEL", "verbose"],
])("%s=%s is refused by its name, without its value", (name, value) => {
  const read = () => readEnvironment({ ...COMPLETE, [name]: value });
  expect(read).toThrow(`This function cannot start: ${name} `);
  if (value.length > 4) expect(read).not.toThrow(value);
});

test("the provider's secrets come in order, and where it reports follows from the API", () => {
  expect(readKycProviderEnvironment(PROVIDER)).toEqual({
    name: "mock",
    url: "http://127.0.0.1:54330",
    apiKey: "key",
    webhookSecrets: ["whsec_current", "whsec_previous"],
    callbackUrl: "http://127.0.0.1:54321/functions/v1/kyc-webhook/mock",
  });
});

test.each(["KYC_PROVIDER", "KYC_MOCK_URL", "KYC_MOCK_API_KEY", "KYC_MOCK_WEBHOOK_SECRETS"])(
  "without %s no function talks with the provider",
  (name) => {
    expect(() => readKycProviderEnvironment({ ...PROVIDER, [name]: "" })).toThrow(
      `${name} is missing`,
    );
  },
);

const SUMSUB = {
  SUPABASE_URL: "http://127.0.0.1:54321",
  KYC_PROVIDER: "sumsub",
  KYC_SUMSUB_APP_TOKEN: "token",
  KYC_SUMSUB_SECRET_KEY: "secret",
  KYC_SUMSUB_LEVEL_NAME: "level",
  KYC_SUMSUB_WEBHOOK_SECRETS: "current-webhook-secret, previous-webhook-secret",
};

test("another provider has settings of its own", () => {
  expect(readKycProviderEnvironment({ ...SUMSUB, KYC_SUMSUB_URL: undefined })).toEqual({
    name: "sumsub",
    url: "https://api.sumsub.com",
    appToken: "token",
    secretKey: "secret",
    levelName: "level",
    webhookSecrets: ["current-webhook-secret", "previous-webhook-secret"],
  });
});

test.each([
  "KYC_SUMSUB_APP_TOKEN",
  "KYC_SUMSUB_SECRET_KEY",
  "KYC_SUMSUB_LEVEL_NAME",
  "KYC_SUMSUB_WEBHOOK_SECRETS",
])("without %s no function talks with that provider", (name) => {
  const read = () => readKycProviderEnvironment({ ...PROVIDER, ...SUMSUB, [name]: "" });
  expect(read).toThrow(`${name} is missing`);
});

test.each([
  ["KYC_PROVIDER", "somebody"],
  ["KYC_SUMSUB_URL", "http://api.sumsub.com"],
  ["KYC_SUMSUB_WEBHOOK_SECRETS", "short"],
])("%s=%s is refused", (name, value) => {
  const read = () => readKycProviderEnvironment({ ...PROVIDER, ...SUMSUB, [name]: value });
  expect(read).toThrow(`This function cannot start: ${name} `);
});

test("all faults are told at once", () => {
  expect(() => readEnvironment({})).toThrow(
    /SUPABASE_URL is missing; SUPABASE_PUBLISHABLE_KEYS is missing; .*CURSOR_SECRET is missing/,
  );
});

test("the example has all that the local stack needs, a secret before the current one among it", () => {
  const file = new URL("../../../supabase/functions/.env.example", import.meta.url);
  const example = parseEnv(readFileSync(file, "utf8"));
  expect(readEnvironment({ ...COMPLETE, ...example }).databaseUrl).toBe(COMPLETE.SUPABASE_DB_URL);
  const provider = readKycProviderEnvironment({ ...PROVIDER, ...example });
  if (provider.name !== "mock") throw new Error("The example names another provider.");
  // The mock wants at least 24 bytes; the second is what `.OLDKEY` signs with.
  expect(provider.webhookSecrets).toHaveLength(2);
  expect(new Set(provider.webhookSecrets).size).toBe(2);
  for (const secret of provider.webhookSecrets) {
    expect(secret).toMatch(/^whsec_/);
    expect(Buffer.from(secret.slice(6), "base64").byteLength).toBeGreaterThanOrEqual(24);
  }
});

test("webhooks to this machine are for development: nothing starts with them on a hosted project", () => {
  const development = { ...COMPLETE, WEBHOOKS_ALLOW_LOOPBACK: "on" };
  expect(readEnvironment(COMPLETE).webhooksAllowLoopback).toBe(false);
  expect(readEnvironment(development).webhooksAllowLoopback).toBe(true);
  for (const hosted of [
    { SUPABASE_URL: "https://project.supabase.co" },
    { SB_REGION: "eu-central-1" },
    { DENO_DEPLOYMENT_ID: "x" },
  ]) {
    expect(() => readEnvironment({ ...development, ...hosted })).toThrow(
      "WEBHOOKS_ALLOW_LOOPBACK is for development and must be off on a hosted project.",
    );
    expect(readEnvironment({ ...COMPLETE, ...hosted }).webhooksAllowLoopback).toBe(false);
  }
  const unclear = { ...COMPLETE, WEBHOOKS_ALLOW_LOOPBACK: "yes" };
  expect(() => readEnvironment(unclear)).toThrow("WEBHOOKS_ALLOW_LOOPBACK must be on or off");
});
