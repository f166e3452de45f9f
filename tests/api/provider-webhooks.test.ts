import { expect, test } from "vitest";
import {
  readEnvironment,
  readKycProviderEnvironment,
} from "../../supabase/functions/_shared/env.ts";
import { createApp } from "../../supabase/functions/kyc-webhook/app.ts";
import { createDeps } from "../../supabase/functions/kyc-webhook/deps.ts";
import { ownerConnection } from "../helpers/api-accounts.ts";
import { newEvent, newReference, webhook } from "../helpers/api-webhook.ts";
import { stackEnv } from "../helpers/stack-env.ts";
import { signed, WEBHOOK_SECRET, webhookBody } from "../unit/functions/sumsub/fixtures.ts";

const owner = ownerConnection();
const { supabaseUrl, dbUrl, publishableKey, secretKey } = stackEnv();

/** The function as it is where this vendor is configured, on the database of the stack. */
const app = createApp(
  createDeps(
    readEnvironment({
      SUPABASE_URL: supabaseUrl,
      SUPABASE_DB_URL: dbUrl,
      SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: publishableKey }),
      SUPABASE_SECRET_KEYS: JSON.stringify({ default: secretKey }),
      CURSOR_SECRET: "x".repeat(32),
      DATABASE_POOL_MAX: "1",
      LOG_LEVEL: "error",
    }),
    readKycProviderEnvironment({
      SUPABASE_URL: supabaseUrl,
      KYC_PROVIDER: "sumsub",
      KYC_SUMSUB_APP_TOKEN: "prd:token",
      KYC_SUMSUB_SECRET_KEY: "secret",
      KYC_SUMSUB_LEVEL_NAME: "level",
      KYC_SUMSUB_WEBHOOK_SECRETS: WEBHOOK_SECRET,
    }),
  ),
);

async function post(provider: string, headers: Headers, body: BodyInit) {
  headers.set("content-type", "application/json");
  const url = `http://functions.internal/kyc-webhook/${provider}`;
  const response = await app.fetch(new Request(url, { method: "POST", headers, body }));
  return { status: response.status, body: await response.json() };
}

const newApplicant = () => newReference().replace("mkv_", "");
const stored = (reference: string) => owner()`
  select provider, event_type, result, body from private.webhook_inbox
  where provider_reference = ${reference}`;

test("the configured vendor's webhooks are taken in, byte for byte", async () => {
  const applicantId = newApplicant();
  const text = JSON.stringify(webhookBody({ applicantId }), null, 2);
  const { headers, body } = signed(text);
  expect(await post("sumsub", headers, body)).toEqual({
    status: 200,
    body: { received: true, result: "parked" },
  });
  expect(await stored(applicantId)).toEqual([
    { provider: "sumsub", event_type: "applicantReviewed", result: "parked", body: text },
  ]);
});

test("[EVENT-04] the same event with other content is refused", async () => {
  const applicantId = newApplicant();
  const send = (levelName: string) => {
    const { headers, body } = signed(webhookBody({ applicantId, levelName }));
    return post("sumsub", headers, body);
  };
  expect((await send("level")).status).toBe(200);
  expect(await send("another")).toMatchObject({
    status: 409,
    body: { code: "event_payload_mismatch" },
  });
});

test("[EVENT-01] with a wrong signature nothing is stored", async () => {
  const applicantId = newApplicant();
  const { headers, body } = signed(webhookBody({ applicantId }), { secret: "of-somebody-else" });
  expect(await post("sumsub", headers, body)).toMatchObject({
    status: 401,
    body: { code: "invalid_signature" },
  });
  expect(await stored(applicantId)).toEqual([]);
});

test.each(["mock", "onfido"])("there is no %s where it is not configured", async (name) => {
  const event = newEvent({ reference: newReference() });
  const { headers, raw } = webhook(event);
  const answer = await post(name, new Headers(headers), raw ?? "");
  expect(answer).toMatchObject({ status: 404, body: { code: "not_found" } });
  expect(await owner()`select 1 from private.webhook_inbox where event_id = ${event.id}`).toEqual(
    [],
  );
});
