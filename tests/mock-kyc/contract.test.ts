import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { application, Provider } from "./lib/provider.ts";

let provider: Provider;
beforeAll(async () => {
  provider = await Provider.start();
});
afterAll(() => provider.close());
beforeEach(() => provider.reset());

const unknownId = `mkv_${"0".repeat(24)}`;
const json = { "content-type": "application/json" };

describe("POST /v1/verifications", () => {
  test("answers a repeated key with the first answer and creates nothing", async () => {
    const body = application();
    const key = randomUUID();
    const first = await provider.post(body, { key });
    const [document] = body.documents;
    const again = await provider.post(
      {
        ...body,
        documents: [{ ...document, url: "https://storage.example.com/1?token=other" }],
        callback_url: provider.receiver.url,
      },
      { key },
    );
    expect(again.json).toEqual(first.json);
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(first.headers.get("idempotent-replayed")).toBeNull();
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(await provider.list(body.external_id)).toHaveLength(1);
  });

  test("answers 20 requests with one key at the same moment alike", async () => {
    const body = application();
    const key = randomUUID();
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => provider.post(body, { key })),
    );
    expect(new Set(replies.map(({ json: answer }) => JSON.stringify(answer))).size).toBe(1);
    expect(await provider.list(body.external_id)).toHaveLength(1);
  });

  test("keeps the final answer of a synchronous scenario", async () => {
    const key = randomUUID();
    const body = application();
    const first = await provider.post(body, { key, scenario: "MOCK-SYNC-APPROVE" });
    const again = await provider.post(body, { key, scenario: "MOCK-SYNC-APPROVE" });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.json).toEqual(first.json);
  });

  test("refuses a key that came with another body", async () => {
    const key = randomUUID();
    await provider.post(application(), { key });
    const body = application();
    const reply = await provider.post(body, { key });
    expect(reply).toMatchObject({ status: 422, json: { code: "idempotency_key_reused" } });
    expect(await provider.list(body.external_id)).toEqual([]);
  });

  test("starts another verification for a new key, as after a requeue", async () => {
    const body = application();
    await provider.post(body);
    await provider.post(body);
    const found = await provider.list(body.external_id);
    expect(new Set(found.map(({ id }) => id)).size).toBe(2);
  });

  test.each([
    ["no key", undefined, "idempotency_key_missing"],
    ["a key with a space", "a b", "idempotency_key_invalid"],
    ["a key that is too long", "k".repeat(256), "idempotency_key_invalid"],
  ])("refuses %s", async (_what, key, code) => {
    const headers = { "idempotency-key": key };
    const reply = await provider.call("POST", "/v1/verifications", {
      body: application(),
      headers,
    });
    expect(reply).toMatchObject({ status: 400, json: { code } });
  });

  test.each([
    ["an unknown member", { status: "approved" }, "/"],
    ["a missing applicant", { applicant: undefined }, "/applicant"],
    ["attempt 0", { attempt: 0 }, "/attempt"],
    ["no documents", { documents: [] }, "/documents"],
    ["a bad document", { documents: [{ type: "library_card" }] }, "/documents/0/type"],
    ["an address that is no web address", { callback_url: "file:///etc/passwd" }, "/callback_url"],
  ])("refuses %s and says where", async (_what, change, pointer) => {
    const reply = await provider.post(application(change));
    expect(reply).toMatchObject({ status: 400, json: { code: "validation_failed" } });
    expect(reply.json).toMatchObject({
      errors: expect.arrayContaining([expect.objectContaining({ pointer })]),
    });
  });

  test("refuses broken JSON, another media type and a large body", async () => {
    expect(await provider.post("{", { headers: json })).toMatchObject({
      status: 400,
      json: { code: "malformed_json" },
    });
    expect(await provider.post("a=b", { headers: { "content-type": "text/plain" } })).toMatchObject(
      { status: 415, json: { code: "unsupported_media_type" } },
    );
    expect(await provider.post(application({ external_id: "x".repeat(300_000) }))).toMatchObject({
      status: 413,
      json: { code: "payload_too_large" },
    });
  });

  test.each([
    ["MOCK-HTTP-400", 400, "invalid_document", null],
    ["MOCK-HTTP-401", 401, "unauthorized", null],
    ["MOCK-HTTP-429", 429, "rate_limited", "1"],
    ["MOCK-HTTP-500", 500, "internal_error", null],
    ["MOCK-HTTP-503", 503, "service_unavailable", "2"],
  ])("%s is a problem document", async (scenario, status, code, retryAfter) => {
    const reply = await provider.post(application(), { scenario });
    expect(reply).toMatchObject({ status, json: { code, status } });
    expect(reply.headers.get("retry-after")).toBe(retryAfter);
  });

  test("needs an address for events from the request or the server", async () => {
    const bare = await Provider.start({ callbackUrl: null });
    try {
      const refused = await bare.post(application());
      expect(refused).toMatchObject({ status: 400, json: { code: "validation_failed" } });
      const { url } = bare.receiver;
      expect((await bare.post(application({ callback_url: url }))).status).toBe(202);
      await bare.receiver.count(2);
    } finally {
      await bare.close();
    }
  });
});

describe("reading", () => {
  test("lists by reference and attempt, newest first", async () => {
    const { external_id, id: first } = await provider.submit("MOCK-REJECT-RETRY");
    const { id: second } = await provider.submit("MOCK-REJECT-RETRY", { external_id, attempt: 2 });
    const all = await provider.list(external_id);
    expect(all.map(({ id }) => id)).toEqual([second, first]);
    const one = await provider.call(
      "GET",
      `/v1/verifications?external_id=${external_id}&attempt=1`,
    );
    expect(one.json).toMatchObject({ items: [{ id: first }] });
    for (const query of ["", "?external_id=x&attempt=0", "?external_id=x&page=1"]) {
      expect(await provider.call("GET", `/v1/verifications${query}`)).toMatchObject({
        status: 400,
        json: { code: "validation_failed" },
      });
    }
  });

  test("the newest state has the shape of the newest event", async () => {
    const { id } = await provider.submit("MOCK-REJECT-FINAL");
    const [, verdict] = await provider.receiver.count(2);
    const event = verdict?.event;
    expect(event?.type).toBe("verification.rejected");
    expect(await provider.read(id)).toMatchObject({
      findings: event?.data,
      sequence: event?.sequence,
      attempt: event?.attempt,
      updated_at: event?.occurred_at,
    });
  });
});

describe("cancelling and redacting", () => {
  test("cancels an open verification once and tells so", async () => {
    const { id } = await provider.submit("MOCK-REVIEW");
    await provider.receiver.count(2);
    const path = `/v1/verifications/${id}/cancel`;
    const first = await provider.call("POST", path);
    expect(first).toMatchObject({ status: 200, json: { status: "cancelled", sequence: 3 } });
    expect((await provider.call("POST", path)).json).toEqual(first.json);
    const [, , event] = await provider.receiver.count(3);
    expect(event?.event).toMatchObject({ type: "verification.cancelled", sequence: 3 });
    expect(await provider.deliveries(id)).toHaveLength(3);
  });

  test("does not cancel what is decided", async () => {
    const { id } = await provider.submit("MOCK-SYNC-APPROVE");
    const reply = await provider.call("POST", `/v1/verifications/${id}/cancel`);
    expect(reply).toMatchObject({ status: 409, json: { code: "verification_closed" } });
    expect((await provider.read(id)).status).toBe("approved");
  });

  test("redacts once, keeps the outcome, forgets the request", async () => {
    const { id, external_id } = await provider.submit("MOCK-APPROVE");
    await provider.receiver.count(2);
    const first = await provider.call("DELETE", `/v1/verifications/${id}`);
    expect(first).toMatchObject({
      status: 202,
      json: { status: "approved", findings: { document: null }, redacted_at: expect.any(String) },
    });
    expect((await provider.call("DELETE", `/v1/verifications/${id}`)).json).toEqual(first.json);
    const [, , event] = await provider.receiver.count(3);
    expect(event?.event?.type).toBe("verification.redacted");
    const log = await provider.control(`/requests?external_id=${external_id}`, undefined, "GET");
    expect(JSON.stringify(log)).not.toContain("Bahnhofstrasse");
    expect(log).toMatchObject({ items: [{ body: null }, {}, {}] });
    const late = await provider.call("POST", `/__mock/verifications/${id}/decide`, {
      body: { outcome: "rejected" },
    });
    expect(late).toMatchObject({ status: 409, json: { code: "verification_redacted" } });
  });
});

test.each([
  ["POST", "/v1/verifications"],
  ["GET", "/v1/verifications?external_id=x"],
  ["GET", `/v1/verifications/${unknownId}`],
  ["DELETE", `/v1/verifications/${unknownId}`],
  ["POST", `/v1/verifications/${unknownId}/cancel`],
])("%s %s is refused without the API key, the admin key included", async (method, path) => {
  for (const authorization of [
    undefined,
    "Bearer wrong",
    "Basic mock_kyc_test_api_key",
    "Bearer ",
  ]) {
    const reply = await provider.call(method, path, { headers: { authorization } });
    expect(reply).toMatchObject({ status: 401, json: { code: "unauthorized" } });
    expect(reply.headers.get("www-authenticate")).toBe("Bearer");
  }
});

const CONTROL = [
  ["POST", "/__mock/reset"],
  ["GET", "/__mock/clock"],
  ["PUT", "/__mock/clock"],
  ["POST", "/__mock/clock/advance"],
  ["POST", "/__mock/faults"],
  ["POST", `/__mock/verifications/${unknownId}/decide`],
  ["POST", `/__mock/events/evt_${"0".repeat(24)}/redeliver`],
  ["GET", "/__mock/requests"],
  ["GET", "/__mock/deliveries"],
] as const;

test.each(CONTROL)("%s %s is refused without the admin key", async (method, path) => {
  for (const key of [undefined, "wrong"]) {
    const reply = await provider.call(method, path, { headers: { "x-mock-admin": key } });
    expect(reply).toMatchObject({ status: 401, json: { code: "unauthorized" } });
  }
});

test("without an admin key configured there is no control API", async () => {
  const closed = await Provider.start({ adminKey: null });
  try {
    for (const [method, path] of CONTROL) {
      expect((await closed.call(method, path)).status, path).toBe(404);
      expect((await closed.call(method, path, { headers: { "x-mock-admin": "" } })).status).toBe(
        404,
      );
      for (const pair of closed.contract.seen) provider.contract.seen.add(pair);
    }
  } finally {
    await closed.close();
  }
});

test.each([
  ["GET", `/v1/verifications/${unknownId}`],
  ["DELETE", `/v1/verifications/${unknownId}`],
  ["POST", `/v1/verifications/${unknownId}/cancel`],
  ["POST", `/__mock/events/evt_${"0".repeat(24)}/redeliver`],
])("%s %s is not found", async (method, path) => {
  expect(await provider.call(method, path)).toMatchObject({
    status: 404,
    json: { code: "not_found" },
  });
});

test("unknown routes and methods are problem documents too", async () => {
  const missing = await fetch(`${provider.url}/v2/verifications`);
  expect(missing.status).toBe(404);
  expect(missing.headers.get("content-type")).toBe("application/problem+json");
  const wrong = await fetch(`${provider.url}/health`, { method: "POST" });
  expect(wrong.status).toBe(405);
  expect(wrong.headers.get("allow")).toBe("GET");
  expect(await wrong.json()).toMatchObject({ code: "method_not_allowed" });
});

test("the control API refuses what does not match the contract", async () => {
  const { id } = await provider.submit("MOCK-REVIEW");
  for (const [method, path, body] of [
    ["POST", "/__mock/reset", { seed: 1 }],
    ["PUT", "/__mock/clock", {}],
    ["POST", "/__mock/clock/advance", { ms: -1 }],
    ["POST", "/__mock/faults", { outage: "404" }],
    ["POST", `/__mock/verifications/${id}/decide`, { outcome: "maybe" }],
  ] as const) {
    const reply = await provider.call(method, path, { body });
    expect(reply, path).toMatchObject({ status: 400, json: { code: "validation_failed" } });
  }
  const unknown = await provider.call("POST", "/__mock/faults", { body: { next: ["MOCK-NO"] } });
  expect(unknown).toMatchObject({ status: 422, json: { code: "unknown_scenario" } });
});

test("what a director and a reader of the catalogue get is as documented", async () => {
  const { id } = await provider.submit("MOCK-REVIEW");
  const [event] = await provider.receiver.count(2);
  for (const [method, path, body] of [
    ["GET", "/v1/sandbox/scenarios", undefined],
    ["GET", "/__mock/clock", undefined],
    ["POST", "/__mock/clock/advance", { ms: 1 }],
    ["POST", `/__mock/events/${event?.event?.id}/redeliver`, undefined],
    ["POST", `/__mock/verifications/${id}/decide`, { outcome: "approved" }],
  ] as const) {
    expect((await provider.call(method, path, { body })).status, path).toBe(200);
  }
});

test("an outage meets every request about verifications, health stays", async () => {
  const { id } = await provider.submit("MOCK-APPROVE");
  for (const outage of ["500", "503"]) {
    await provider.control("/faults", { outage });
    const status = Number(outage);
    expect((await provider.post(application())).status).toBe(status);
    expect((await provider.call("GET", "/v1/verifications?external_id=x")).status).toBe(status);
    expect((await provider.call("GET", `/v1/verifications/${id}`)).status).toBe(status);
    expect((await provider.call("DELETE", `/v1/verifications/${id}`)).status).toBe(status);
    expect((await provider.call("POST", `/v1/verifications/${id}/cancel`)).status).toBe(status);
  }
  const health = await provider.call("GET", "/health", { headers: { authorization: undefined } });
  expect(health).toMatchObject({ status: 200, json: { status: "ok" } });
  await provider.control("/faults", { outage: "reset" });
  await expect(fetch(`${provider.url}/v1/verifications/${id}`)).rejects.toThrow("fetch failed");
  await provider.control("/faults", { outage: null });
  expect((await provider.read(id)).id).toBe(id);
});

test("every documented answer was seen", () => {
  // The linter wants a 4xx everywhere; these two have none of their own.
  const unreachable = ["sandbox.getHealth 404", "sandbox.listScenarios 404"];
  const missing = [...provider.contract.pairs].filter((pair) => !provider.contract.seen.has(pair));
  expect(missing.sort()).toEqual(unreachable);
});
