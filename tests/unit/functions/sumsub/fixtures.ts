import { createHmac } from "node:crypto";
import type { Submission } from "../../../../supabase/functions/_shared/providers/kyc-provider.ts";

/**
 * Messages in the shape of the vendor's public documentation (docs.sumsub.com: create-applicant,
 * get-applicant-data, get-information-about-document-images, user-verification-webhooks), with values
 * of our own.
 */
export const HOST = "https://sumsub.example.com";
export const STORAGE = "https://storage.example.com";
export const NOW = Date.parse("2026-11-20T09:00:00Z");
export const APPLICANT_ID = "692f00000000000000000001";
export const VERIFICATION_ID = "0193fd4e-0000-7000-8000-000000000001";
export const EXTERNAL_ID = `${VERIFICATION_ID}_2`;
export const WEBHOOK_SECRET = "webhook-secret-of-ours";

export const environment = {
  name: "sumsub" as const,
  url: HOST,
  appToken: "prd:token-of-ours",
  secretKey: "secret-of-ours",
  levelName: "basic kyc-level",
  webhookSecrets: [WEBHOOK_SECRET, "webhook-secret-before"],
};

export const submission: Submission = {
  verificationId: VERIFICATION_ID,
  attempt: 2,
  applicant: {
    first_name: "Zoë",
    middle_name: null,
    last_name: "Schmidt",
    date_of_birth: "1990-04-23",
    email: "zoe@example.com",
    phone: "+4915112345678",
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
      type: "national_id",
      side: "front",
      contentType: "image/jpeg",
      sha256: "a".repeat(64),
      url: `${STORAGE}/front`,
    },
    {
      type: "national_id",
      side: "back",
      contentType: "image/png",
      sha256: "b".repeat(64),
      url: `${STORAGE}/back`,
    },
    {
      type: "proof_of_address",
      side: "front",
      contentType: "application/pdf",
      sha256: "c".repeat(64),
      url: `${STORAGE}/bill`,
    },
  ],
};

export const applicantAnswer = (review: object, changes: object = {}) => ({
  id: APPLICANT_ID,
  createdAt: "2026-11-20 08:59:00",
  clientId: "example.com",
  inspectionId: "692f00000000000000000002",
  externalUserId: EXTERNAL_ID,
  info: {
    firstName: "Zoë",
    lastName: "Schmidt",
    dob: "1990-04-23",
    idDocs: [
      { idDocType: "ID_CARD", country: "DEU", validUntil: "2031-05-01" },
      { idDocType: "PASSPORT", country: "DEU", validUntil: "2029-02-03" },
      { idDocType: "UTILITY_BILL", country: "DEU" },
    ],
  },
  applicantPlatform: "API",
  review: {
    reviewId: "AbCdE",
    attemptId: "FgHiJ",
    attemptCnt: 1,
    levelName: "basic kyc-level",
    createDate: "2026-11-20 09:00:01+0000",
    ...review,
  },
  type: "individual",
  ...changes,
});

export const webhookBody = (changes: object = {}) => ({
  applicantId: APPLICANT_ID,
  inspectionId: "692f00000000000000000002",
  applicantType: "individual",
  correlationId: "req-0f0f0f0f",
  levelName: "basic kyc-level",
  sandboxMode: false,
  externalUserId: EXTERNAL_ID,
  type: "applicantReviewed",
  reviewResult: { reviewAnswer: "GREEN" },
  reviewStatus: "completed",
  createdAt: "2026-11-20 09:21:07+0000",
  createdAtMs: "2026-11-20 09:21:07.123",
  clientId: "example.com",
  ...changes,
});

export const rejected = (reviewRejectType: string | undefined, ...rejectLabels: string[]) =>
  webhookBody({
    reviewResult: {
      moderationComment: "Please look at it again.\nThank you.",
      clientComment: "Not to be shown.",
      reviewAnswer: "RED",
      rejectLabels,
      buttonIds: [],
      ...(reviewRejectType !== undefined && { reviewRejectType }),
    },
  });

export const hmac = (algorithm: string, secret: string, content: string | Uint8Array) =>
  createHmac(algorithm, secret).update(content).digest("hex");

/** A webhook as it arrives. */
export function signed(
  content: object | string,
  { secret = WEBHOOK_SECRET, hash = "sha256", name = "HMAC_SHA256_HEX" } = {},
) {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  const headers = new Headers({
    "x-payload-digest": hmac(hash, secret, text),
    "x-payload-digest-alg": name,
  });
  return { headers, body: new TextEncoder().encode(text) };
}
