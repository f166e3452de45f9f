import { z } from "zod";
import { ApiError } from "../../errors.ts";
import type {
  ExtractedIdentity,
  ProviderEvent,
  ProviderOutcome,
  Submission,
} from "../kyc-provider.ts";
import { lookUp } from "../look-up.ts";
import { toAlpha2, toAlpha3 } from "./countries.ts";
import { readRejection } from "./reasons.ts";
import type { Applicant, ReviewResult, Webhook } from "./schemas.ts";

/**
 * Our name of a submission at the vendor: one applicant for each attempt, so that what it says is
 * always about one attempt, and a late word about an old one is known as such.
 */
export const externalId = (verificationId: string, attempt: number) =>
  `${verificationId}_${attempt}`;

const EXTERNAL_ID = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})_([1-9]\d{0,2})$/;

/** Which of our submissions an applicant is; `null` and attempt 1 when it is none of ours. */
function readExternalId(text: string | undefined) {
  const [, verificationId = null, attempt = "1"] = EXTERNAL_ID.exec(text ?? "") ?? [];
  return { verification_id: verificationId, attempt: Number(attempt) };
}

/** What an event says, and its place among those of the same millisecond: the later step counts. */
type Meaning = {
  readonly rank: number;
  readonly outcome: ProviderOutcome | null;
  readonly owner?: "provider" | "internal";
};

const REVIEWED = 8;

const BY_TYPE: Readonly<Record<string, Meaning>> = {
  applicantPending: { rank: 2, outcome: "processing" },
  applicantPrechecked: { rank: 3, outcome: "processing" },
  applicantAwaitingService: { rank: 4, outcome: "processing" },
  applicantOnHold: { rank: 5, outcome: "in_review", owner: "provider" },
  // The vendor waits for something from the person that our front ends have no place for.
  applicantAwaitingUser: { rank: 5, outcome: "in_review", owner: "internal" },
};

const BY_STATUS: Readonly<Record<string, Meaning>> = {
  queued: { rank: 2, outcome: "processing" },
  pending: { rank: 2, outcome: "processing" },
  prechecked: { rank: 3, outcome: "processing" },
  awaitingService: { rank: 4, outcome: "processing" },
  onHold: { rank: 5, outcome: "in_review", owner: "provider" },
  awaitingUser: { rank: 5, outcome: "in_review", owner: "internal" },
};

/**
 * The vendor numbers nothing, so the time of an event is its number: milliseconds, and one digit for
 * the step. It grows with every event, and what was delivered late is known to be old.
 */
const sequenceOf = (atMs: number, rank: number) => atMs * 10 + rank;

type Verdict = Pick<
  ProviderEvent,
  "outcome" | "review_owner" | "reason_codes" | "rejected_documents"
>;

const undecided = ({ outcome, owner }: Meaning): Verdict => ({
  outcome,
  review_owner: owner ?? null,
  reason_codes: outcome === "in_review" ? ["provider_review"] : [],
  rejected_documents: [],
});

function verdictOf(result: ReviewResult | null | undefined): Verdict {
  if (result?.reviewAnswer === "GREEN") return undecided({ rank: REVIEWED, outcome: "approved" });
  if (result?.reviewAnswer !== "RED") {
    return undecided({ rank: REVIEWED, outcome: "in_review", owner: "internal" });
  }
  const { outcome, reasonCodes, rejectedDocuments } = readRejection(
    result.reviewRejectType,
    result.rejectLabels ?? [],
  );
  return {
    outcome,
    review_owner: outcome === "in_review" ? "internal" : null,
    reason_codes: reasonCodes,
    rejected_documents: rejectedDocuments,
  };
}

/** The vendor has no webhook that says these. */
const NOT_SAID = {
  document_expires_on: null,
  risk_score: null,
  checks: [],
  extracted: null,
} as const;
const NOTHING: Meaning = { rank: 0, outcome: null };

/**
 * A webhook in our words. Types that mean nothing to us are kept without an outcome.
 *
 * @throws ApiError `validation_failed` when it does not say when it was made
 */
export function fromWebhook({
  applicantId,
  externalUserId,
  type,
  ...rest
}: Webhook): ProviderEvent {
  const at = rest.createdAtMs ?? rest.createdAt;
  if (at === undefined) {
    throw new ApiError("validation_failed", { detail: "The body is no event of this provider." });
  }
  const isVerdict = type === "applicantReviewed";
  const meaning = lookUp(BY_TYPE, type) ?? NOTHING;
  return {
    // `correlationId` names a request, which may have several events.
    event_id: `${applicantId}:${type}:${at}`,
    type,
    provider_reference: applicantId,
    ...readExternalId(externalUserId),
    sequence: sequenceOf(at, isVerdict ? REVIEWED : meaning.rank),
    occurred_at: new Date(at).toISOString(),
    ...(isVerdict ? verdictOf(rest.reviewResult) : undecided(meaning)),
    ...NOT_SAID,
  };
}

/** The newest state in the same form as an event, so that both go the same way. */
export function fromApplicant({ id, externalUserId, info, review }: Applicant): ProviderEvent {
  const isVerdict = review.reviewStatus === "completed";
  const meaning = lookUp(BY_STATUS, review.reviewStatus) ?? NOTHING;
  const at = (isVerdict ? review.reviewDate : undefined) ?? review.createDate ?? 0;
  const sequence = sequenceOf(at, isVerdict ? REVIEWED : meaning.rank);
  return {
    event_id: `poll:${id}:${sequence}`,
    type: `poll.${review.reviewStatus}`,
    provider_reference: id,
    ...readExternalId(externalUserId),
    sequence,
    occurred_at: new Date(at).toISOString(),
    ...(isVerdict ? verdictOf(review.reviewResult) : undecided(meaning)),
    ...NOT_SAID,
    document_expires_on: earliest(info?.idDocs ?? []),
    extracted: info ? readIdentity(info) : null,
  };
}

/** What the vendor has read; names of several documents are one there, so the first document counts. */
function readIdentity(info: NonNullable<Applicant["info"]>): ExtractedIdentity {
  const documents = info.idDocs ?? [];
  const [document] = documents;
  return {
    first_name: info.firstName || null,
    last_name: info.lastName || null,
    date_of_birth: readDay(info.dob),
    nationality: toAlpha2(info.nationality),
    document_number: document?.number || null,
    issuing_country: toAlpha2(document?.country),
    document_expires_on: earliest(documents),
  };
}

const readDay = (text: string | null | undefined): string | null =>
  z.iso.date().safeParse(text).data ?? null;

function earliest(
  documents: readonly { readonly validUntil?: string | undefined }[],
): string | null {
  const days = documents.flatMap(({ validUntil }) =>
    validUntil !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(validUntil) ? [validUntil] : [],
  );
  return days.sort()[0] ?? null;
}

/** What the vendor wants to know of a person. */
export function toApplicant({ verificationId, attempt, applicant }: Submission): unknown {
  const { address } = applicant;
  const country = toAlpha3(address.country);
  return {
    externalUserId: externalId(verificationId, attempt),
    email: applicant.email,
    ...(applicant.phone !== null && { phone: applicant.phone }),
    fixedInfo: {
      firstName: applicant.first_name,
      ...(applicant.middle_name !== null && { middleName: applicant.middle_name }),
      lastName: applicant.last_name,
      dob: applicant.date_of_birth,
      addresses: [
        {
          street: address.street_address_1,
          ...(address.street_address_2 !== null && { subStreet: address.street_address_2 }),
          town: address.city,
          state: address.state_region,
          postCode: address.postal_code,
          country,
        },
      ],
    },
  };
}

const DOCUMENT_TYPES: Readonly<Record<string, string>> = {
  passport: "PASSPORT",
  national_id: "ID_CARD",
  driving_licence: "DRIVERS",
  residence_permit: "RESIDENCE_PERMIT",
  proof_of_address: "UTILITY_BILL",
  selfie: "SELFIE",
};
const TWO_SIDED = new Set(["national_id", "driving_licence", "residence_permit"]);

/**
 * What the vendor wants to know of a file. It insists on a country; until it has read the document
 * itself, that of the address is the best that we know.
 */
export function toDocument(
  { type, side }: { readonly type: string; readonly side: string },
  country: string,
): unknown {
  return {
    idDocType: DOCUMENT_TYPES[type] ?? "OTHER",
    ...(TWO_SIDED.has(type) && { idDocSubType: side === "back" ? "BACK_SIDE" : "FRONT_SIDE" }),
    country: toAlpha3(country),
  };
}
