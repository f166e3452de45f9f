import { lookUp } from "../look-up.ts";

/** What a reason allows: `retry` new documents, `final` nothing, `review` a look by our staff. */
type ReasonClass = "retry" | "final" | "review";

/** A label in our words. `part`: the one document that it is about; else the identity document. */
type Reason = {
  readonly code: string;
  readonly class: ReasonClass;
  readonly part?: "proof_of_address" | "selfie";
};

const retry = (code: string, part?: Reason["part"]): Reason => ({
  code,
  class: "retry",
  ...(part && { part }),
});
const final = (code: string): Reason => ({ code, class: "final" });
const review = (code: string): Reason => ({ code, class: "review" });

/**
 * The vendor's rejection labels (docs.sumsub.com/docs/rejection-labels) and our reason codes. Labels
 * that are not here are new or rare: nobody is rejected for one before a person has looked.
 */
const REASONS: Readonly<Record<string, Reason>> = {
  ADVERSE_MEDIA: review("adverse_media"),
  AGE_REQUIREMENT_MISMATCH: final("underage"),
  BACK_SIDE_MISSING: retry("document_side_missing"),
  BAD_FACE_MATCHING: retry("face_mismatch", "selfie"),
  BAD_PROOF_OF_ADDRESS: retry("image_unreadable", "proof_of_address"),
  BAD_PROOF_OF_IDENTITY: retry("image_unreadable"),
  BAD_SELFIE: retry("liveness_failed", "selfie"),
  BAD_VIDEO_SELFIE: retry("liveness_failed", "selfie"),
  BLACK_AND_WHITE: retry("document_not_original"),
  BLACKLIST: final("known_fraud"),
  BLOCKLIST: final("known_fraud"),
  COMPROMISED_PERSONS: review("pep_hit"),
  CRIMINAL: review("adverse_media"),
  DB_DATA_MISMATCH: retry("data_mismatch"),
  DIGITAL_DOCUMENT: retry("document_not_original"),
  DOCUMENT_DAMAGED: retry("document_damaged"),
  DOCUMENT_PAGE_MISSING: retry("document_side_missing"),
  DUPLICATE: review("duplicate_identity"),
  EXPIRATION_DATE: retry("document_expired"),
  FORGERY: final("document_fraud"),
  FRAUDULENT_LIVENESS: final("known_fraud"),
  FRAUDULENT_PATTERNS: final("known_fraud"),
  FRONT_SIDE_MISSING: retry("document_side_missing"),
  GRAPHIC_EDITOR: final("document_fraud"),
  ID_INVALID: retry("document_type_not_accepted"),
  INCOMPATIBLE_LANGUAGE: retry("document_type_not_accepted"),
  INCOMPLETE_DOCUMENT: retry("image_incomplete"),
  LOW_QUALITY: retry("image_unreadable"),
  NOT_DOCUMENT: retry("document_type_not_accepted"),
  PEP: review("pep_hit"),
  PROBLEMATIC_APPLICANT_DATA: retry("data_mismatch"),
  REGULATIONS_VIOLATIONS: review("high_risk"),
  REQUESTED_DATA_MISMATCH: retry("data_mismatch"),
  SANCTIONS: review("sanctions_hit"),
  SCREENSHOTS: retry("document_not_original"),
  SELFIE_MISMATCH: retry("face_mismatch", "selfie"),
  UNSATISFACTORY_PHOTOS: retry("image_unreadable"),
  UNSUITABLE_DOCUMENT: retry("document_type_not_accepted"),
  WRONG_ADDRESS: retry("data_mismatch", "proof_of_address"),
  WRONG_USER_REGION: final("country_not_supported"),
};

/** A rejection as our rules take it. */
export type Rejection = {
  readonly outcome: "rejected" | "resubmission_required" | "in_review";
  readonly reasonCodes: readonly string[];
  readonly rejectedDocuments: readonly {
    readonly type: string;
    readonly side: "front";
    readonly reason_code: string;
  }[];
};

/**
 * What a rejection means. The vendor's type says whether the person may try again, and the labels
 * say why; where the two do not go together, or one of them is unknown or missing, our staff decides.
 *
 * @param type `RETRY` or `FINAL`, as it came
 */
export function readRejection(type: string | undefined, labels: readonly string[]): Rejection {
  const reasons = labels.map((label) => lookUp(REASONS, label));
  const known = reasons.filter((reason) => reason !== undefined);
  const isClear = known.length > 0 && known.length === reasons.length;
  const has = (kind: ReasonClass) => known.some((reason) => reason.class === kind);
  const mayTryAgain = type === "RETRY" && !has("final") && !has("review");
  const isFinal = type === "FINAL" && !has("review");
  const codes = new Set(known.map(({ code }) => code));
  if (!isClear) codes.add("other");
  return {
    outcome: !isClear
      ? "in_review"
      : mayTryAgain
        ? "resubmission_required"
        : isFinal
          ? "rejected"
          : "in_review",
    reasonCodes: [...codes],
    rejectedDocuments: mayTryAgain && isClear ? partsOf(known) : [],
  };
}

/** The documents, if every reason is about one that we can name; else the engine takes the identity document. */
function partsOf(reasons: readonly Reason[]): Rejection["rejectedDocuments"] {
  if (reasons.some(({ part }) => part === undefined)) return [];
  return reasons.flatMap(({ part, code }) =>
    part ? [{ type: part, side: "front" as const, reason_code: code }] : [],
  );
}
