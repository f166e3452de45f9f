import { describe, expect, test } from "vitest";
import { type ApiRequest, call, expectProblem } from "../helpers/api.ts";
import { createAccount, ownerConnection } from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { readyToSubmit, submit, waitForStatus } from "../helpers/api-kyc.ts";
import { newEvent, newReference, signed, webhook } from "../helpers/api-webhook.ts";

const owner = ownerConnection();
const OTHER_SECRET = "whsec_c29tZWJvZHktZWxzZXMtc2VjcmV0LW9mLTMyLWJ5dGVz";

const inbox = (id: string) => owner()`
  select result, delivery_count, mismatch_count, body from private.webhook_inbox where event_id = ${id}
`;
const unknown = () => newEvent({ reference: newReference() });

describeCommonAnswers("kycWebhook.receiveEvent", { request: () => webhook(unknown()) });

describe("200", () => {
  test("an event about a verification that nobody knows yet is parked, byte for byte", async () => {
    const event = unknown();
    const text = JSON.stringify(event, null, 3);
    const { status, body } = await call("kycWebhook.receiveEvent", signed(event.id, text));
    expect([status, body]).toEqual([200, { received: true, result: "parked" }]);
    expect(await inbox(event.id)).toMatchObject([{ result: "parked", body: text }]);
  });

  test("a verdict moves the verification once, however often it is delivered", async () => {
    const person = await createAccount({ tag: "+kyc-stuck" });
    const verification = await readyToSubmit(person);
    await submit(person, verification);
    await waitForStatus(person, verification, "processing");
    const [attempt] = await owner()`
      select provider_reference from private.kyc_attempts
      where verification_id = ${verification.verification_id}
    `;
    const event = newEvent(
      { reference: attempt?.provider_reference, verificationId: verification.verification_id },
      { sequence: 50 },
    );
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => call("kycWebhook.receiveEvent", webhook(event))),
    );
    const results = answers.map(({ body }) => body.result).sort();
    expect(results).toEqual(["applied", ...Array.from({ length: 9 }, () => "duplicate")]);
    await waitForStatus(person, verification, "approved");

    const older = newEvent({ reference: attempt?.provider_reference }, { sequence: 49 });
    expect((await call("kycWebhook.receiveEvent", webhook(older))).body.result).toBe("stale");
  });

  test("a type that nobody knows is kept and ignored", async () => {
    const event = { ...unknown(), type: "verification.teleported", data: { anything: true } };
    const { body } = await call("kycWebhook.receiveEvent", webhook(event));
    expect(body.result).toBe("ignored");
    expect(await inbox(event.id)).toMatchObject([{ result: "ignored" }]);
  });
});

describe("400", () => {
  test.each([
    ["half an event", (id: string) => `{"id":"${id}`, "malformed_json"],
    ["something else", (id: string) => JSON.stringify({ id }), "validation_failed"],
    ["a member given twice", (id: string) => `{"id":"${id}","id":"${id}"}`, "validation_failed"],
  ])("%s, although the signature is right", async (_what, text, code) => {
    const { id } = unknown();
    await expectProblem("kycWebhook.receiveEvent", 400, code, signed(id, text(id)));
    expect(await inbox(id)).toEqual([]);
  });

  test("an event under the id of another", async () => {
    const event = unknown();
    const request = signed(`evt_${"0".repeat(24)}`, JSON.stringify(event));
    await expectProblem("kycWebhook.receiveEvent", 400, "validation_failed", request);
    expect(await inbox(event.id)).toEqual([]);
  });
});

describe("[EVENT-01] 401", () => {
  const minutes = (count: number) => new Date(Date.now() + count * 60_000);
  const without = (request: ApiRequest, name: string): ApiRequest => {
    const { [name]: _, ...headers } = { ...request.headers };
    return { ...request, headers };
  };

  test.each<[string, (request: ReturnType<typeof unknown>) => ApiRequest]>([
    ["another secret", (event) => webhook(event, { secret: OTHER_SECRET })],
    ["a signature that is too old", (event) => webhook(event, { at: minutes(-6) })],
    ["a signature from the future", (event) => webhook(event, { at: minutes(6) })],
    ["another id than the signed one", (event) => webhook(event, { id: "evt_other" })],
    [
      "another body than the signed one",
      (event) => ({ ...webhook(event), raw: JSON.stringify(unknown()) }),
    ],
    ["no id", (event) => without(webhook(event), "webhook-id")],
    ["no time", (event) => without(webhook(event), "webhook-timestamp")],
    ["no signature", (event) => without(webhook(event), "webhook-signature")],
  ])("for %s, and nothing is stored", async (_what, forge) => {
    const event = unknown();
    const request = forge(event);
    const answer = await expectProblem(
      "kycWebhook.receiveEvent",
      401,
      "invalid_signature",
      request,
    );
    expect(answer.headers.get("www-authenticate")).toBe('Signature realm="nff-supabase"');
    expect(await inbox(event.id)).toEqual([]);
  });

  test("a user's token opens nothing here", async () => {
    const { credential } = await createAccount();
    const request = webhook(unknown(), { secret: OTHER_SECRET });
    const headers = { ...request.headers, ...credential };
    await expectProblem("kycWebhook.receiveEvent", 401, "invalid_signature", {
      ...request,
      headers,
    });
  });
});

describe("404", () => {
  test("a provider that we do not work with", async () => {
    const event = unknown();
    const request = { ...webhook(event), params: { provider: "other" } };
    await expectProblem("kycWebhook.receiveEvent", 404, "not_found", request);
    expect(await inbox(event.id)).toEqual([]);
  });
});

describe("409", () => {
  test("[EVENT-04] the same id with other bytes, and the first body stays", async () => {
    const event = unknown();
    await call("kycWebhook.receiveEvent", webhook(event));
    const changed = webhook({ ...event, sequence: 3 });
    await expectProblem("kycWebhook.receiveEvent", 409, "event_payload_mismatch", changed);
    expect(await inbox(event.id)).toMatchObject([
      { mismatch_count: 1, delivery_count: 1, body: JSON.stringify(event) },
    ]);
  });
});

describe("413 and 415", () => {
  test("more than 64 KiB are not even verified", async () => {
    const event = { ...unknown(), padding: "x".repeat(65_536) };
    await expectProblem("kycWebhook.receiveEvent", 413, "payload_too_large", webhook(event));
    expect(await inbox(event.id)).toEqual([]);
  });

  test("another type than JSON", async () => {
    const request = webhook(unknown());
    const headers = { ...request.headers, "content-type": "text/plain" };
    const wrong = { ...request, headers };
    await expectProblem("kycWebhook.receiveEvent", 415, "unsupported_media_type", wrong);
  });
});
