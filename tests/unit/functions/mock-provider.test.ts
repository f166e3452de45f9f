import { randomUUID } from "node:crypto";
import { delay, HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Submission } from "../../../supabase/functions/_shared/providers/kyc-provider.ts";
import { createMockProvider } from "../../../supabase/functions/_shared/providers/mock/adapter.ts";

const URL_ = "https://kyc.example.com";
const provider = createMockProvider({
  name: "mock",
  url: URL_,
  apiKey: "key-of-ours",
  webhookSecrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
  callbackUrl: "https://api.example.com/functions/v1/kyc-webhook/mock",
});

const server = setupServer();
beforeAll(() => server.listen({ onUnhandledFrame: "error" }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

const verificationId = randomUUID();
const submission: Submission = {
  verificationId,
  attempt: 1,
  applicant: {
    first_name: "Anna",
    middle_name: null,
    last_name: "Schmidt",
    date_of_birth: "1990-04-23",
    email: "anna@example.com",
    phone: null,
    address: {
      street_address_1: "Lindenstraße 12",
      street_address_2: null,
      city: "Berlin",
      state_region: "Berlin",
      postal_code: "10969",
      country: "DE",
    },
  },
  documents: [
    {
      type: "passport",
      side: "front",
      contentType: "image/jpeg",
      sha256: "0".repeat(64),
      url: "https://storage.example.com/x",
    },
  ],
};

const verification = (changes: Record<string, unknown> = {}) => ({
  id: "mkv_1",
  attempt: 1,
  status: "approved",
  sequence: 2,
  updated_at: "2026-11-20T09:21:07.123Z",
  findings: {
    verification_id: "mkv_1",
    external_id: verificationId,
    review_owner: null,
    reason_codes: [],
    rejected_documents: [],
    document: { expiry_date: "2030-01-01", country: "DE", nationality: "FR" },
    checks: [{ name: "document", result: "clear" }],
    risk_score: 12,
  },
  ...changes,
});

const post = (answer: Parameters<typeof http.post>[1]) =>
  server.use(http.post(`${URL_}/v1/verifications`, answer));

describe("submit", () => {
  test("sends what the provider's contract asks for, with key and credentials", async () => {
    let seen: { headers: Record<string, string>; body: unknown } | undefined;
    post(async ({ request }) => {
      seen = { headers: Object.fromEntries(request.headers), body: await request.json() };
      return HttpResponse.json(verification({ status: "processing", sequence: 0 }), {
        status: 202,
      });
    });
    expect(await provider.submit(submission, "submit:1")).toBe("mkv_1");
    expect(seen?.headers).toMatchObject({
      authorization: "Bearer key-of-ours",
      "idempotency-key": "submit:1",
      "content-type": "application/json",
    });
    expect(seen?.body).toMatchObject({
      external_id: verificationId,
      attempt: 1,
      callback_url: "https://api.example.com/functions/v1/kyc-webhook/mock",
      documents: [{ file_name: "passport-front", url: "https://storage.example.com/x" }],
    });
  });

  test.each([
    [500, "unavailable", {}, null],
    [503, "unavailable", { "retry-after": "7" }, 7],
    [429, "unavailable", { "retry-after": "1" }, 1],
    [408, "unavailable", {}, null],
    [425, "unavailable", {}, null],
    [302, "unavailable", { location: "https://elsewhere.example" }, null],
    [400, "refused", {}, null],
    [401, "refused", {}, null],
    [422, "refused", {}, null],
  ])("%d is %s", async (status, failure, headers, retryAfterSeconds) => {
    post(() => new HttpResponse("{}", { status, headers }));
    await expect(provider.submit(submission, "k")).rejects.toMatchObject({
      failure,
      status,
      retryAfterSeconds,
    });
  });

  test("a Retry-After that is a date becomes seconds", async () => {
    const at = new Date(Date.now() + 60_000).toUTCString();
    post(() => new HttpResponse("", { status: 503, headers: { "retry-after": at } }));
    const failed = provider.submit(submission, "k").catch((error: unknown) => error);
    const { retryAfterSeconds } = Object(await failed);
    expect(retryAfterSeconds).toBeGreaterThan(55);
    expect(retryAfterSeconds).toBeLessThanOrEqual(60);
  });

  test.each([
    ["HTML", () => new HttpResponse("<html>", { status: 200 })],
    ["JSON of another shape", () => HttpResponse.json({ ok: true }, { status: 202 })],
    ["a megabyte and more", () => new HttpResponse("x".repeat(1_100_000), { status: 200 })],
  ])("%s instead of an answer may pass", async (_what, answer) => {
    post(answer);
    await expect(provider.submit(submission, "k")).rejects.toMatchObject({
      failure: "unavailable",
    });
  });

  test("no answer at all leaves open whether it arrived", async () => {
    post(() => HttpResponse.error());
    await expect(provider.submit(submission, "k")).rejects.toMatchObject({ status: null });
  });

  test("errors say nothing of the applicant", async () => {
    post(() => HttpResponse.json({ detail: "Anna Schmidt is too young" }, { status: 422 }));
    const error = await provider.submit(submission, "k").catch((cause: unknown) => cause);
    expect(JSON.stringify({ ...Object(error), message: String(error) })).not.toMatch(
      /Anna|Schmidt/,
    );
  });
});

describe("asking", () => {
  test("the newest state reads like an event", async () => {
    server.use(http.get(`${URL_}/v1/verifications/mkv_1`, () => HttpResponse.json(verification())));
    expect(await provider.fetch("mkv_1")).toEqual({
      event_id: "poll:mkv_1:2",
      type: "poll.approved",
      attempt: 1,
      sequence: 2,
      occurred_at: "2026-11-20T09:21:07.123Z",
      outcome: "approved",
      provider_reference: "mkv_1",
      verification_id: verificationId,
      review_owner: null,
      reason_codes: [],
      rejected_documents: [],
      document_expires_on: "2030-01-01",
      risk_score: 12,
      checks: [{ name: "document", result: "clear", score: null }],
      extracted: {
        first_name: null,
        last_name: null,
        date_of_birth: null,
        nationality: "FR",
        document_number: null,
        issuing_country: "DE",
        document_expires_on: "2030-01-01",
      },
    });
  });

  test.each([
    ["processing", 1, "processing"],
    ["resubmission_requested", 2, "resubmission_required"],
    ["in_review", 2, "in_review"],
    ["rejected", 2, "rejected"],
    ["cancelled", 2, null],
    ["something new", 2, null],
    ["processing", 0, null],
  ])("the state %s after %d events is the outcome %s", async (status, sequence, outcome) => {
    const answer = () => HttpResponse.json(verification({ status, sequence }));
    server.use(http.get(`${URL_}/v1/verifications/mkv_1`, answer));
    expect(await provider.fetch("mkv_1")).toMatchObject({ outcome });
  });

  test("an id that the provider does not know is no error", async () => {
    server.use(
      http.get(`${URL_}/v1/verifications/mkv_9`, () => new HttpResponse("", { status: 404 })),
    );
    expect(await provider.fetch("mkv_9")).toBeNull();
  });

  test("a reference cannot leave its place in the path", async () => {
    const paths: string[] = [];
    server.use(
      http.get(`${URL_}/*`, ({ request }) => {
        paths.push(new URL(request.url).pathname);
        return new HttpResponse("", { status: 404 });
      }),
    );
    await provider.fetch("../../admin?x=1");
    expect(paths).toEqual(["/v1/verifications/..%2F..%2Fadmin%3Fx%3D1"]);
  });

  test("a lost submission is found by our own id and attempt, the newest first", async () => {
    let query = "";
    server.use(
      http.get(`${URL_}/v1/verifications`, ({ request }) => {
        query = new URL(request.url).search;
        return HttpResponse.json({ items: [verification(), verification({ id: "mkv_0" })] });
      }),
    );
    expect(await provider.find(verificationId, 1)).toMatchObject({ provider_reference: "mkv_1" });
    expect(query).toBe(`?external_id=${verificationId}&attempt=1`);
  });

  test("one that never arrived is not found", async () => {
    server.use(http.get(`${URL_}/v1/verifications`, () => HttpResponse.json({ items: [] })));
    expect(await provider.find(verificationId, 1)).toBeNull();
  });
});

describe("cancel and redact", () => {
  const cancelled = `${URL_}/v1/verifications/mkv_1/cancel`;
  const redacted = `${URL_}/v1/verifications/mkv_1`;

  test.each([200, 202, 404, 409])("a %d is the end of it", async (status) => {
    const answer = () => HttpResponse.json({}, { status });
    server.use(http.post(cancelled, answer), http.delete(redacted, answer));
    await provider.cancel("mkv_1");
    await provider.redact("mkv_1");
  });

  test("anything else is not", async () => {
    server.use(http.post(cancelled, () => new HttpResponse("", { status: 500 })));
    await expect(provider.cancel("mkv_1")).rejects.toMatchObject({ failure: "unavailable" });
  });
});

test("ten seconds are enough of waiting", async () => {
  post(async () => {
    await delay("infinite");
    return new HttpResponse();
  });
  const timeout = vi
    .spyOn(AbortSignal, "timeout")
    .mockReturnValue(AbortSignal.abort(new DOMException("late", "TimeoutError")));
  await expect(provider.submit(submission, "k")).rejects.toMatchObject({
    failure: "timeout",
    status: null,
  });
  expect(timeout).toHaveBeenCalledWith(10_000);
  timeout.mockRestore();
});
