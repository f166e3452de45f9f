import { describe, expect, test } from "vitest";
import { createSumsubProvider } from "../../../../supabase/functions/_shared/providers/sumsub/adapter.ts";
import {
  APPLICANT_ID,
  environment,
  rejected,
  signed,
  VERIFICATION_ID,
  webhookBody,
} from "./fixtures.ts";

const provider = createSumsubProvider(environment);
const AT = Date.parse("2026-11-20T09:21:07.123Z");

describe("[EVENT-01] the signature", () => {
  test.each([
    ["HMAC_SHA256_HEX", "sha256"],
    ["HMAC_SHA512_HEX", "sha512"],
  ])("%s is accepted", async (name, hash) => {
    const event = await provider.readWebhook(signed(webhookBody(), { name, hash }));
    expect(event.outcome).toBe("approved");
  });

  test("of the secret before the current one is accepted", async () => {
    const message = signed(webhookBody(), { secret: "webhook-secret-before" });
    expect((await provider.readWebhook(message)).outcome).toBe("approved");
  });

  const good = signed(webhookBody());
  const without = (name: string) => {
    const headers = new Headers(good.headers);
    headers.delete(name);
    return { ...good, headers };
  };
  const changed = (name: string, value: string) => {
    const headers = new Headers(good.headers);
    headers.set(name, value);
    return { ...good, headers };
  };
  const digest = good.headers.get("x-payload-digest") ?? "";

  test.each([
    ["no digest", without("x-payload-digest")],
    ["no algorithm", without("x-payload-digest-alg")],
    ["SHA-1, good as it is", signed(webhookBody(), { name: "HMAC_SHA1_HEX", hash: "sha1" })],
    ["an unknown algorithm", changed("x-payload-digest-alg", "NONE")],
    ["the name of another algorithm", changed("x-payload-digest-alg", "HMAC_SHA512_HEX")],
    ["another secret", signed(webhookBody(), { secret: "somebody-elses-secret" })],
    ["a digest that is cut off", changed("x-payload-digest", digest.slice(0, 62))],
    ["no hex", changed("x-payload-digest", "z".repeat(64))],
    ["another body", { ...good, body: signed(webhookBody({ levelName: "other" })).body }],
    ["one changed byte", { ...good, body: good.body.with(5, 33) }],
  ])("is refused: %s", async (_, message) => {
    await expect(provider.readWebhook(message)).rejects.toMatchObject({
      code: "invalid_signature",
    });
  });
});

describe("a webhook", () => {
  test("becomes an event with the attempt that it is about", async () => {
    expect(await provider.readWebhook(signed(webhookBody()))).toEqual({
      event_id: `${APPLICANT_ID}:applicantReviewed:${AT}`,
      type: "applicantReviewed",
      provider_reference: APPLICANT_ID,
      verification_id: VERIFICATION_ID,
      attempt: 2,
      sequence: AT * 10 + 8,
      occurred_at: "2026-11-20T09:21:07.123Z",
      outcome: "approved",
      review_owner: null,
      reason_codes: [],
      rejected_documents: [],
      document_expires_on: null,
      risk_score: null,
      checks: [],
      extracted: null,
    });
  });

  test("is numbered by its time, and within a millisecond by its step", async () => {
    const read = async (changes: object) =>
      (await provider.readWebhook(signed(webhookBody(changes)))).sequence;
    const earlier = { type: "applicantReviewed", createdAtMs: "2026-11-20 09:21:07.122" };
    const sequences = [
      await read(earlier),
      await read({ type: "applicantCreated" }),
      await read({ type: "applicantPending" }),
      await read({ type: "applicantOnHold" }),
      await read({ type: "applicantReviewed" }),
      await read({ type: "applicantPending", createdAtMs: "2026-11-20 09:21:07.124" }),
    ];
    expect(sequences).toEqual([...new Set(sequences)].sort((one, other) => one - other));
    expect(sequences.every(Number.isSafeInteger)).toBe(true);
  });

  test("is the same event on every delivery, and another one of the same request is not", async () => {
    const id = async (changes: object) =>
      (await provider.readWebhook(signed(webhookBody(changes)))).event_id;
    expect(await id({})).toBe(await id({}));
    expect(await id({ type: "applicantPending" })).not.toBe(await id({}));
  });

  test("without milliseconds counts by the second", async () => {
    const event = await provider.readWebhook(signed(webhookBody({ createdAtMs: undefined })));
    expect(event.occurred_at).toBe("2026-11-20T09:21:07.000Z");
  });

  test.each([
    ["applicantCreated", null, null],
    ["applicantPending", "processing", null],
    ["applicantPrechecked", "processing", null],
    ["applicantAwaitingService", "processing", null],
    ["applicantOnHold", "in_review", "provider"],
    ["applicantAwaitingUser", "in_review", "internal"],
    ["applicantReset", null, null],
    ["applicantDeleted", null, null],
    ["applicantDeactivated", null, null],
    ["applicantPersonalInfoChanged", null, null],
    ["applicantSomethingNew", null, null],
    ["constructor", null, null],
  ])("of type %s means %s, review by %s", async (type, outcome, review_owner) => {
    const event = await provider.readWebhook(
      signed(webhookBody({ type, reviewResult: undefined })),
    );
    expect(event).toMatchObject({ outcome, review_owner });
  });

  test("about an applicant of somebody else names none of our verifications", async () => {
    for (const externalUserId of [undefined, "user-1", `${VERIFICATION_ID}_0`, VERIFICATION_ID]) {
      const event = await provider.readWebhook(signed(webhookBody({ externalUserId })));
      expect(event.verification_id).toBeNull();
    }
  });

  test.each([
    ["no JSON", "{"],
    ["no time", webhookBody({ createdAt: undefined, createdAtMs: undefined })],
    ["no time that can be read", webhookBody({ createdAtMs: "yesterday" })],
    ["an applicant id that leads elsewhere", webhookBody({ applicantId: "../../x" })],
    ["no type", webhookBody({ type: undefined })],
    ["a verdict of the sandbox", webhookBody({ sandboxMode: true })],
  ])("is refused although it is signed: %s", async (_, content) => {
    await expect(provider.readWebhook(signed(content))).rejects.toMatchObject({
      code: expect.stringMatching(/^(malformed_json|validation_failed)$/),
    });
  });

  test("of the sandbox counts where the sandbox is configured", async () => {
    const sandbox = createSumsubProvider({ ...environment, appToken: "sbx:token" });
    const event = await sandbox.readWebhook(signed(webhookBody({ sandboxMode: true })));
    expect(event.outcome).toBe("approved");
  });
});

describe("a rejection", () => {
  const read = (type: string | undefined, ...labels: string[]) =>
    provider.readWebhook(signed(rejected(type, ...labels)));

  test.each([
    ["RETRY", ["UNSATISFACTORY_PHOTOS"], "resubmission_required", ["image_unreadable"]],
    [
      "RETRY",
      ["SCREENSHOTS", "LOW_QUALITY"],
      "resubmission_required",
      ["document_not_original", "image_unreadable"],
    ],
    [
      "RETRY",
      ["LOW_QUALITY", "UNSATISFACTORY_PHOTOS"],
      "resubmission_required",
      ["image_unreadable"],
    ],
    ["FINAL", ["FORGERY"], "rejected", ["document_fraud"]],
    ["FINAL", ["AGE_REQUIREMENT_MISMATCH"], "rejected", ["underage"]],
    ["FINAL", ["WRONG_USER_REGION"], "rejected", ["country_not_supported"]],
    ["FINAL", ["LOW_QUALITY"], "rejected", ["image_unreadable"]],
    // Where type and label do not go together, or a list has a say, a person decides.
    ["RETRY", ["FORGERY"], "in_review", ["document_fraud"]],
    ["FINAL", ["SANCTIONS"], "in_review", ["sanctions_hit"]],
    ["FINAL", ["PEP", "FORGERY"], "in_review", ["pep_hit", "document_fraud"]],
    ["FINAL", ["DUPLICATE"], "in_review", ["duplicate_identity"]],
    ["RETRY", ["ADVERSE_MEDIA"], "in_review", ["adverse_media"]],
    // What we do not know never rejects anybody.
    ["FINAL", ["LABEL_OF_TOMORROW"], "in_review", ["other"]],
    ["FINAL", ["FORGERY", "LABEL_OF_TOMORROW"], "in_review", ["document_fraud", "other"]],
    ["RETRY", ["LABEL_OF_TOMORROW", "LOW_QUALITY"], "in_review", ["image_unreadable", "other"]],
    ["FINAL", ["toString"], "in_review", ["other"]],
    ["FINAL", [], "in_review", ["other"]],
    ["EXTERNAL", ["FORGERY"], "in_review", ["document_fraud"]],
    [undefined, ["LOW_QUALITY"], "in_review", ["image_unreadable"]],
  ] as const)("%s with %j is %s", async (type, labels, outcome, reason_codes) => {
    expect(await read(type, ...labels)).toMatchObject({
      outcome,
      reason_codes,
      review_owner: outcome === "in_review" ? "internal" : null,
    });
  });

  test("names the document, if every reason is about one that can be named", async () => {
    const selfie = { type: "selfie", side: "front", reason_code: "face_mismatch" };
    const bill = { type: "proof_of_address", side: "front", reason_code: "data_mismatch" };
    expect((await read("RETRY", "SELFIE_MISMATCH")).rejected_documents).toEqual([selfie]);
    expect((await read("RETRY", "SELFIE_MISMATCH", "WRONG_ADDRESS")).rejected_documents).toEqual([
      selfie,
      bill,
    ]);
    expect((await read("RETRY", "SELFIE_MISMATCH", "LOW_QUALITY")).rejected_documents).toEqual([]);
  });

  test("says nothing of what the vendor's people wrote", async () => {
    expect(JSON.stringify(await read("RETRY", "LOW_QUALITY"))).not.toContain("Not to be shown");
  });

  test.each([undefined, {}, { reviewAnswer: "YELLOW" }])(
    "an answer that is neither good nor bad goes to staff: %j",
    async (reviewResult) => {
      const event = await provider.readWebhook(signed(webhookBody({ reviewResult })));
      expect(event).toMatchObject({
        outcome: "in_review",
        review_owner: "internal",
        reason_codes: ["provider_review"],
      });
    },
  );
});
