import type { SignedMessage } from "../http/webhook-signature.ts";

/**
 * What we need of a company that verifies identities, in our words. An adapter turns it into one
 * vendor's API; nothing outside the adapter knows the vendor's names.
 */
export type KycProvider = {
  /** As in the database and in the path of its webhooks. */
  readonly name: string;
  /**
   * Hands a submission over. Safe to repeat with the same key.
   *
   * @returns the provider's id of it
   * @throws ProviderError
   */
  submit(submission: Submission, idempotencyKey: string): Promise<string>;
  /**
   * Looks for a submission whose answer was lost.
   *
   * @returns its newest state, or `null` if it never arrived
   * @throws ProviderError
   */
  find(verificationId: string, attempt: number): Promise<ProviderEvent | null>;
  /** @returns the newest state of a submission; `null` for an unknown one. @throws ProviderError */
  fetch(reference: string): Promise<ProviderEvent | null>;
  /** Takes a submission back, if it is still open. @throws ProviderError */
  cancel(reference: string): Promise<void>;
  /** Has the person's data deleted. @throws ProviderError */
  redact(reference: string): Promise<void>;
  /**
   * Verifies a webhook over its raw bytes and reads it.
   *
   * @throws ApiError `invalid_signature`, `malformed_json` or `validation_failed`
   */
  readWebhook(message: SignedMessage): Promise<ProviderEvent>;
};

/** A person and documents to be verified. */
export type Submission = {
  readonly verificationId: string;
  readonly attempt: number;
  readonly applicant: Applicant;
  readonly documents: readonly SubmittedDocument[];
};

export type Applicant = {
  readonly first_name: string;
  readonly middle_name: string | null;
  readonly last_name: string;
  /** ISO 8601. */
  readonly date_of_birth: string;
  readonly email: string;
  /** E.164. */
  readonly phone: string | null;
  readonly address: {
    readonly street_address_1: string;
    readonly street_address_2: string | null;
    readonly city: string;
    readonly state_region: string;
    readonly postal_code: string;
    /** ISO 3166-1 alpha-2. */
    readonly country: string;
  };
};

export type SubmittedDocument = {
  readonly type: string;
  readonly side: string;
  readonly contentType: string;
  readonly sha256: string;
  /** A link that the provider can read the file at for a while. */
  readonly url: string;
};

/** What became of a submission, by now. The names are those that `private.kyc_ingest_event` reads. */
export type ProviderEvent = {
  /** Unique per provider; the same on every delivery. */
  readonly event_id: string;
  /** The provider's own name of it, for the record. */
  readonly type: string;
  /** The provider's id of the submission; `null` in events of a type that we do not know. */
  readonly provider_reference: string | null;
  /** Ours, as the provider gives it back; `null` when that is none of our ids. */
  readonly verification_id: string | null;
  readonly attempt: number;
  /** Grows with every event about a verification; tells what is out of date. */
  readonly sequence: number;
  /** ISO 8601. */
  readonly occurred_at: string;
  readonly outcome: ProviderOutcome | null;
  /** Who decides a review; `null` unless there is one. */
  readonly review_owner: "provider" | "internal" | null;
  readonly reason_codes: readonly string[];
  readonly rejected_documents: readonly RejectedDocument[];
  /** ISO 8601. */
  readonly document_expires_on: string | null;
  /** 0 to 100. */
  readonly risk_score: number | null;
  readonly checks: readonly ProviderCheck[];
  /** What was read from the documents; `null` where the message says nothing of it. */
  readonly extracted: ExtractedIdentity | null;
};

/** What a document says of its holder; `null` where it was not read. */
export type ExtractedIdentity = {
  readonly first_name: string | null;
  readonly last_name: string | null;
  /** ISO 8601. */
  readonly date_of_birth: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly nationality: string | null;
  readonly document_number: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly issuing_country: string | null;
  /** ISO 8601. */
  readonly document_expires_on: string | null;
};

/** What an event means for a verification; where it means nothing, an event has none. */
export type ProviderOutcome =
  | "processing"
  | "approved"
  | "rejected"
  | "resubmission_required"
  | "in_review"
  | "monitoring_hit";

type ProviderCheck = {
  readonly name: string;
  readonly result: string;
  /** Confidence, 0 to 1; `null` where the provider gives none. */
  readonly score: number | null;
};

type RejectedDocument = {
  readonly type: string;
  readonly side: string;
  readonly reason_code: string;
};

/**
 * Why a call failed, as far as it matters for what comes next: `timeout` leaves open whether it
 * arrived, `unavailable` may pass, `refused` will not.
 */
export type ProviderFailure = "timeout" | "unavailable" | "refused";

/** A call to the provider that did not succeed. */
export class ProviderError extends Error {
  override readonly name = "ProviderError";
  readonly failure: ProviderFailure;
  /** The HTTP status, if there was an answer. */
  readonly status: number | null;
  /** What the provider asked us to wait. */
  readonly retryAfterSeconds: number | null;

  constructor(
    failure: ProviderFailure,
    message: string,
    options: { status?: number; retryAfterSeconds?: number | null; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.failure = failure;
    this.status = options.status ?? null;
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }
}
