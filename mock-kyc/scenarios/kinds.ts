import type { Outcome, ReviewOwner, VerificationStatus } from "../model.ts";

/** What an event of one kind says unless the scenario says otherwise. */
interface Kind {
  readonly type: string;
  /** Null: the status stays as it is. */
  readonly status: VerificationStatus | null;
  readonly outcome: Outcome;
  readonly reviewOwner: ReviewOwner;
  readonly reasonCodes: readonly string[];
  readonly riskScore: number | null;
  readonly userMessageKey: string | null;
}

const open = { outcome: null, reviewOwner: null, reasonCodes: [], riskScore: null } as const;

/** The kinds of events. */
export const KINDS = {
  processing: {
    ...open,
    type: "verification.processing",
    status: "processing",
    userMessageKey: "kyc.processing",
  },
  approved: {
    type: "verification.approved",
    status: "approved",
    outcome: "approved",
    reviewOwner: null,
    reasonCodes: [],
    riskScore: 12,
    userMessageKey: "kyc.approved",
  },
  // The text for a rejected applicant is the same whatever the reason.
  rejected: {
    type: "verification.rejected",
    status: "rejected",
    outcome: "rejected",
    reviewOwner: null,
    reasonCodes: ["document_fraud"],
    riskScore: 85,
    userMessageKey: "kyc.declined",
  },
  retry: {
    type: "verification.resubmission_requested",
    status: "resubmission_requested",
    outcome: "retry",
    reviewOwner: null,
    reasonCodes: ["image_unreadable"],
    riskScore: 20,
    userMessageKey: "kyc.resubmit",
  },
  review: {
    type: "verification.review_started",
    status: "in_review",
    outcome: "review",
    reviewOwner: "provider",
    reasonCodes: ["duplicate_identity"],
    riskScore: 40,
    userMessageKey: "kyc.processing",
  },
  expired: {
    ...open,
    type: "verification.expired",
    status: "expired",
    userMessageKey: "kyc.expired",
  },
  cancelled: {
    ...open,
    type: "verification.cancelled",
    status: "cancelled",
    userMessageKey: null,
  },
  redacted: {
    ...open,
    type: "verification.redacted",
    status: null,
    userMessageKey: null,
  },
  monitoring_hit: {
    type: "monitoring.hit",
    status: "in_review",
    outcome: "review",
    reviewOwner: "customer",
    reasonCodes: ["sanctions_hit"],
    riskScore: 95,
    userMessageKey: "kyc.processing",
  },
} as const satisfies Record<string, Kind>;

export type EventKind = keyof typeof KINDS;
