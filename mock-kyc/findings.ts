import type {
  Check,
  EventTemplate,
  Findings,
  KeptDocument,
  RejectedDocument,
  Verification,
  VerificationRecord,
} from "./model.ts";
import { KINDS } from "./scenarios/kinds.ts";

const DAY_MS = 86_400_000;
/** How long the documents of an ordinary applicant are valid: five years. */
const ORDINARY_VALIDITY_DAYS = 1825;
const SUPPORTING_TYPES: ReadonlySet<string> = new Set(["selfie", "proof_of_address"]);
/** Documents that a state gives to its own people. */
const OF_CITIZENS: ReadonlySet<string> = new Set(["passport", "national_id"]);
const WATCHLIST_REASONS: ReadonlySet<string> = new Set(["sanctions_hit", "pep_hit"]);

/** What findings are about. */
export type About = Pick<VerificationRecord, "id" | "externalId" | "attempt" | "documents"> & {
  readonly findings: Findings | null;
};

/** The document that the provider identifies the person by. */
function identityDocument(documents: readonly KeptDocument[]): KeptDocument | undefined {
  return documents.find(({ type }) => !SUPPORTING_TYPES.has(type)) ?? documents[0];
}

/** Whose citizen a document makes its holder. */
function ofCitizen(document: KeptDocument | undefined): string | null {
  return document && OF_CITIZENS.has(document.type) ? document.issuing_country : null;
}

function rejectedDocuments(about: About, reasonCodes: readonly string[]): RejectedDocument[] {
  const document = identityDocument(about.documents);
  const [reason] = reasonCodes;
  if (!document || !reason) return [];
  return [{ type: document.type, side: document.side, reason_code: reason }];
}

function checksOf(about: About, reasonCodes: readonly string[]): Check[] {
  const onWatchlist = reasonCodes.some((code) => WATCHLIST_REASONS.has(code));
  const names: Check["name"][] = ["document"];
  if (about.documents.some(({ type }) => type === "selfie")) names.push("selfie");
  names.push("watchlist");
  const found = reasonCodes.length === 0 ? null : onWatchlist ? "watchlist" : "document";
  return names.map((name) => ({ name, result: name === found ? "consider" : "clear" }));
}

/** What an event of a scenario says about a verification. */
export function findingsOf(template: EventTemplate, about: About, occurredMs: number): Findings {
  if (template.kind === "redacted" && about.findings) return { ...about.findings, document: null };
  const kind = KINDS[template.kind];
  const reasonCodes = template.reasonCodes ?? kind.reasonCodes;
  const looked = kind.outcome !== null;
  const document = identityDocument(about.documents);
  const expiresMs = occurredMs + (template.expiresInDays ?? ORDINARY_VALIDITY_DAYS) * DAY_MS;
  return {
    verification_id: about.id,
    external_id: about.externalId,
    status: kind.status ?? about.findings?.status ?? "processing",
    outcome: kind.outcome,
    review_owner: template.reviewOwner ?? kind.reviewOwner,
    reason_codes: reasonCodes,
    rejected_documents: template.kind === "retry" ? rejectedDocuments(about, reasonCodes) : [],
    user_message_key: kind.userMessageKey,
    document: looked
      ? {
          expiry_date: new Date(expiresMs).toISOString().slice(0, 10),
          country: document?.issuing_country ?? null,
          nationality: template.nationality ?? ofCitizen(document),
        }
      : null,
    checks: looked ? checksOf(about, reasonCodes) : [],
    risk_score: template.riskScore ?? kind.riskScore,
  };
}

/** A record as the API shows it. */
export function viewOf(record: VerificationRecord): Verification {
  return {
    id: record.id,
    external_id: record.externalId,
    attempt: record.attempt,
    status: record.findings.status,
    sequence: record.sequence,
    environment: "mock",
    created_at: new Date(record.acceptedMs).toISOString(),
    updated_at: record.updatedAt,
    redacted_at: record.redactedAt,
    findings: record.findings,
  };
}
