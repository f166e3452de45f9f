import { readFile } from "node:fs/promises";
import { parse } from "smol-toml";
import { expect, test } from "vitest";
import { z } from "zod";
import { stackEnv } from "../../helpers/stack-env.ts";

const provider = z.looseObject({
  enabled: z.boolean(),
  client_id: z.string(),
  secret: z.string(),
  url: z.string().optional(),
});
const config = z.object({
  auth: z.object({
    external: z.record(z.string(), provider),
    mfa: z.object({ totp: z.record(z.string(), z.boolean()) }),
    rate_limit: z.record(z.string(), z.number()),
  }),
});

const read = async () => {
  const file = new URL("../../../supabase/config.toml", import.meta.url);
  return config.parse(parse(await readFile(file, "utf8"))).auth;
};

test("five providers are there, off, with nothing of them in the file", async () => {
  const { external } = await read();
  expect(Object.keys(external).sort()).toEqual(["apple", "azure", "github", "google", "keycloak"]);
  for (const { enabled, client_id, secret, url } of Object.values(external)) {
    expect(enabled).toBe(false);
    for (const value of [client_id, secret, url ?? "env(X)"])
      expect(value).toMatch(/^env\([A-Z_]+\)$/);
  }
});

test("as it is committed, people sign in by e-mail only", async () => {
  const { supabaseUrl, publishableKey } = stackEnv();
  const headers = { apikey: publishableKey };
  const response = await fetch(`${supabaseUrl}/auth/v1/settings`, { headers });
  const { external } = z
    .looseObject({ external: z.record(z.string(), z.boolean()) })
    .parse(await response.json());
  const on = Object.entries(external).filter(([, isOn]) => isOn);
  expect(on).toEqual([["email", true]]);
});

test("second factors are on, and every limit is set", async () => {
  const { mfa, rate_limit: limits } = await read();
  expect(mfa.totp).toEqual({ enroll_enabled: true, verify_enabled: true });
  expect(Object.keys(limits)).toEqual(
    expect.arrayContaining([
      "email_sent",
      "sign_in_sign_ups",
      "token_refresh",
      "token_verifications",
    ]),
  );
});
