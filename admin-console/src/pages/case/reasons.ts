import type {
  ReasonCode,
  UserReasonCode,
} from "../../../../supabase/functions/_shared/generated/contract.ts";

/** What new documents may cure; the person is told these. */
export const RETRY_REASONS = [
  "image_unreadable",
  "image_incomplete",
  "document_expired",
  "document_type_not_accepted",
  "document_side_missing",
  "document_damaged",
  "document_not_original",
  "data_mismatch",
  "face_mismatch",
  "liveness_failed",
  "address_document_too_old",
  "other",
] as const satisfies readonly UserReasonCode[];

/** Why somebody is turned down. */
export const REJECT_REASONS = [
  "document_fraud",
  "known_fraud",
  "sanctions_hit",
  "pep_hit",
  "adverse_media",
  "duplicate_identity",
  "high_risk",
  "underage",
  "country_not_supported",
  "data_mismatch",
  "face_mismatch",
  "other",
] as const satisfies readonly ReasonCode[];

export const APPROVE_REASONS = ["manual_check"] as const satisfies readonly ReasonCode[];

/** Why a decision is looked at again or taken back. */
export const REVOKE_REASONS = [
  "document_fraud",
  "known_fraud",
  "sanctions_hit",
  "pep_hit",
  "adverse_media",
  "duplicate_identity",
  "monitoring_hit",
  "other",
] as const satisfies readonly ReasonCode[];

export const REOPEN_REASONS = [
  "appeal",
  "manual_review",
  "monitoring_hit",
  "sanctions_hit",
  "pep_hit",
  "adverse_media",
  "other",
] as const satisfies readonly ReasonCode[];
