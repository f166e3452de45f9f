import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import {
  newWebhookSecret,
  signMessage,
} from "../../../../supabase/functions/_shared/webhooks/sign-message.ts";

const message = (body = '{"type":"kyc.approved"}') => ({
  id: crypto.randomUUID(),
  timestamp: Math.floor(Date.now() / 1_000),
  body,
});

async function headersOf(signed: ReturnType<typeof message>, secrets: readonly string[]) {
  return {
    "webhook-id": signed.id,
    "webhook-timestamp": String(signed.timestamp),
    "webhook-signature": await signMessage(signed, secrets),
  };
}

test("the vector that the libraries of the standard share", async () => {
  const golden = {
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestamp: 1_614_265_330,
    body: '{"test": 2432232314}',
  };
  expect(await signMessage(golden, ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])).toBe(
    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  );
});

test("the official library takes it, and each of two secrets during a rotation", async () => {
  const secrets = [newWebhookSecret(), newWebhookSecret()];
  const signed = message('{"text":"Łódź 🏦"}');
  const headers = await headersOf(signed, secrets);
  expect(headers["webhook-signature"].split(" ")).toHaveLength(2);
  for (const secret of secrets) {
    expect(new Webhook(secret).verify(signed.body, headers)).toEqual({ text: "Łódź 🏦" });
  }
  const other = new Webhook(newWebhookSecret());
  expect(() => other.verify(signed.body, headers)).toThrow("No matching signature found");
});

test("it covers the id, the time and every byte of the body", async () => {
  const secret = newWebhookSecret();
  const signed = message();
  const headers = await headersOf(signed, [secret]);
  const library = new Webhook(secret);
  const next = String(signed.timestamp + 1);
  expect(() => library.verify(`${signed.body} `, headers)).toThrow();
  expect(() => library.verify(signed.body, { ...headers, "webhook-id": "x" })).toThrow();
  expect(() => library.verify(signed.body, { ...headers, "webhook-timestamp": next })).toThrow();
});

test("secrets are 32 random bytes each", () => {
  const secrets = Array.from({ length: 20 }, newWebhookSecret);
  for (const secret of secrets) expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(new Set(secrets).size).toBe(20);
});
