import type { TimerOwner } from "./clock.ts";
import type { EventKind } from "./scenarios/kinds.ts";
import type { NewVerification } from "./schemas.ts";

export type VerificationStatus =
  | "processing"
  | "approved"
  | "rejected"
  | "resubmission_requested"
  | "in_review"
  | "expired"
  | "cancelled";

export type Outcome = "approved" | "rejected" | "retry" | "review" | null;

/** Who decides a review. */
export type ReviewOwner = "provider" | "customer" | null;

type DocumentInput = NewVerification["documents"][number];

/** What is kept of a document: enough to say which one is meant, nothing about the person. */
export interface KeptDocument {
  readonly type: DocumentInput["type"];
  readonly side: DocumentInput["side"];
  readonly issuing_country: string | null;
}

export interface RejectedDocument {
  readonly type: KeptDocument["type"];
  readonly side: KeptDocument["side"];
  readonly reason_code: string;
}

export interface Check {
  readonly name: "document" | "selfie" | "watchlist";
  readonly result: "clear" | "consider";
}

/** The contract's `Findings`: a verification's state at one sequence number. */
export interface Findings {
  readonly verification_id: string;
  readonly external_id: string;
  readonly status: VerificationStatus;
  readonly outcome: Outcome;
  readonly review_owner: ReviewOwner;
  readonly reason_codes: readonly string[];
  readonly rejected_documents: readonly RejectedDocument[];
  readonly user_message_key: string | null;
  readonly document: {
    readonly expiry_date: string;
    readonly country: string | null;
    readonly nationality: string | null;
  } | null;
  readonly checks: readonly Check[];
  readonly risk_score: number | null;
}

/** The contract's `Event`. */
export interface MockEvent {
  readonly id: string;
  readonly type: string;
  readonly api_version: "2025-01-01";
  readonly sequence: number;
  readonly attempt: number;
  readonly occurred_at: string;
  readonly environment: "mock";
  readonly data: Findings;
}

/** The contract's `Verification`. */
export interface Verification {
  readonly id: string;
  readonly external_id: string;
  readonly attempt: number;
  readonly status: VerificationStatus;
  readonly sequence: number;
  readonly environment: "mock";
  readonly created_at: string;
  readonly updated_at: string;
  readonly redacted_at: string | null;
  readonly findings: Findings;
}

/** How one event of a scenario looks; times in milliseconds after acceptance, before scaling. */
export interface EventTemplate {
  readonly kind: EventKind;
  readonly delayMs: number;
  readonly reasonCodes?: readonly string[];
  readonly riskScore?: number;
  readonly expiresInDays?: number;
  /** What the document says, ISO 3166-1 alpha-2; without it, that of the state that issued it. */
  readonly nationality?: string;
  readonly reviewOwner?: ReviewOwner;
}

/** A verification as the store holds it. It is the owner of its timers. */
export interface VerificationRecord extends TimerOwner {
  readonly id: string;
  readonly externalId: string;
  readonly attempt: number;
  readonly documents: readonly KeptDocument[];
  readonly callbackUrl: string;
  readonly acceptedMs: number;
  /** What the record said about itself when it was accepted, given again for the same key. */
  firstAnswer: Verification | null;
  sequence: number;
  updatedAt: string;
  redactedAt: string | null;
  findings: Findings;
  /** Changes when a running plan is dropped, so that the plan notices. */
  plan: number;
  /** The events made so far by id, to deliver them again. */
  readonly events: Map<string, MockEvent>;
}
