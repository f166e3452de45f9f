import { ApiError } from "../../errors.ts";
import type { ProviderEvent, ProviderOutcome, Submission } from "../kyc-provider.ts";
import { lookUp } from "../look-up.ts";
import { event as eventSchema, type Findings, findings, type Verification } from "./schemas.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const OUTCOME_BY_EVENT: Readonly<Record<string, ProviderOutcome>> = {
  "verification.processing": "processing",
  "verification.approved": "approved",
  "verification.rejected": "rejected",
  "verification.resubmission_requested": "resubmission_required",
  "verification.review_started": "in_review",
  "monitoring.hit": "monitoring_hit",
};

const OUTCOME_BY_STATUS: Readonly<Record<string, ProviderOutcome>> = {
  processing: "processing",
  approved: "approved",
  rejected: "rejected",
  resubmission_requested: "resubmission_required",
  in_review: "in_review",
};

/**
 * A webhook in our words. A type that we do not know is kept without an outcome: providers announce
 * new ones, and they must not be lost, nor be sent again and again.
 *
 * @throws ApiError `validation_failed` when it is not an event of this provider
 */
export function fromEvent(message: unknown): ProviderEvent {
  const parsed = eventSchema.safeParse(message);
  if (!parsed.success) throw notAnEvent();
  const { id, data, ...common } = parsed.data;
  const outcome = lookUp(OUTCOME_BY_EVENT, common.type) ?? null;
  if (outcome === null) return { event_id: id, ...common, outcome, ...NOTHING_FOUND };
  const facts = findings.safeParse(data);
  if (!facts.success) throw notAnEvent();
  return { event_id: id, ...common, outcome, ...fromFindings(facts.data) };
}

/** The newest state in the same form as an event, so that both go the same way. */
export function fromVerification(verification: Verification): ProviderEvent {
  const { id, status, attempt, sequence, updated_at, findings: found } = verification;
  return {
    event_id: `poll:${id}:${sequence}`,
    type: `poll.${status}`,
    attempt,
    sequence,
    occurred_at: updated_at,
    // Before its first event the provider has nothing to say.
    outcome: sequence === 0 ? null : (lookUp(OUTCOME_BY_STATUS, status) ?? null),
    ...fromFindings(found),
  };
}

/** What the provider wants to know of a submission. */
export function toNewVerification(submission: Submission, callbackUrl: string): unknown {
  const { verificationId, attempt, applicant, documents } = submission;
  return {
    external_id: verificationId,
    attempt,
    applicant,
    documents: documents.map(({ type, side, contentType, sha256, url }) => ({
      type,
      side,
      sha256,
      content_type: contentType,
      url,
      // We do not keep the names of people's files; the provider insists on one.
      file_name: `${type}-${side}`,
    })),
    callback_url: callbackUrl,
  };
}

/** The part of an event that says what was found. */
type Found = Omit<
  ProviderEvent,
  "event_id" | "type" | "attempt" | "sequence" | "occurred_at" | "outcome"
>;

const NOTHING_FOUND: Found = {
  provider_reference: null,
  verification_id: null,
  review_owner: null,
  reason_codes: [],
  rejected_documents: [],
  document_expires_on: null,
  risk_score: null,
  checks: [],
  extracted: null,
};

function fromFindings(found: Findings): Found {
  const { verification_id, external_id, review_owner, document, checks, ...same } = found;
  return {
    ...same,
    checks: checks.map(({ name, result }) => ({ name, result, score: null })),
    provider_reference: verification_id,
    verification_id: UUID.test(external_id) ? external_id : null,
    review_owner: review_owner === "customer" ? "internal" : review_owner,
    document_expires_on: document?.expiry_date ?? null,
    extracted: document && {
      // The mock is told who the person is and reads nothing of it back.
      first_name: null,
      last_name: null,
      date_of_birth: null,
      document_number: null,
      nationality: document.nationality ?? null,
      issuing_country: document.country ?? null,
      document_expires_on: document.expiry_date,
    },
  };
}

function notAnEvent(): ApiError {
  // What is wrong stays in the log of the sender: a stranger with a key learns nothing here.
  return new ApiError("validation_failed", { detail: "The body is no event of this provider." });
}
