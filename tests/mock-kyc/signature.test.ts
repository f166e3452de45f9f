import { randomBytes } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { sign, wrongSecret } from "../../mock-kyc/signature.ts";

test("signs the golden vector of Standard Webhooks", () => {
  const signature = sign(
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    1_614_265_330,
    '{"test": 2432232314}',
  );
  expect(signature).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
});

test("the official library accepts our signatures and refuses those of another secret", () => {
  const secret = `whsec_${randomBytes(32).toString("base64")}`;
  const timestampS = Math.floor(Date.now() / 1000);
  const body = '{"type":"verification.approved","name":"Zoë"}';
  const headers = (key: string) => ({
    "webhook-id": "evt_1",
    "webhook-timestamp": String(timestampS),
    "webhook-signature": sign(key, "evt_1", timestampS, body),
  });
  expect(new Webhook(secret).verify(body, headers(secret))).toEqual(JSON.parse(body));
  expect(() => new Webhook(secret).verify(body, headers(wrongSecret(secret)))).toThrow(
    "No matching signature found",
  );
});
