import { type Db, type Sql, user } from "./db.ts";
import { createStaff, createSubmitted, move, type Submitted } from "./db-fixtures.ts";

/** What an operation on a case answers (schema AdminKycActionResult). */
export interface ActionResult {
  readonly result: "applied" | "pending_second_approval" | "declined";
  readonly status: string;
  readonly version: number;
  readonly pending_approval: Pending | null;
}

/** The request that waits (schema AdminPendingApproval). */
export interface Pending {
  readonly approval_id: string;
  readonly request_hash: string;
  readonly action: string;
  readonly from_status: string;
  readonly to_status: string;
  readonly version: number;
  readonly document_ids: readonly string[];
  readonly requested_by: string;
  readonly expires_at: string;
}

export interface Vote {
  readonly vote?: string | null;
  readonly reason?: string | null;
  readonly note?: string | null;
  readonly hash?: string;
}

/** Makes the risk of a case what its name says. */
export async function setRisk(db: Db, verificationId: string, level: string): Promise<void> {
  await db.sql`update private.kyc_cases set risk_level = ${level}::text::public.risk_level
    where verification_id = ${verificationId}`;
}

/** A case in review at high risk, or at another. */
export async function createInReview(db: Db, level = "high"): Promise<Submitted> {
  const submitted = await createSubmitted(db);
  await move(db, submitted.verificationId, "in_review", "provider", "provider_review");
  await setRisk(db, submitted.verificationId, level);
  return submitted;
}

/** A case that has come to `approved` or `rejected` without staff. */
export async function createDecided(db: Db, status: "approved" | "rejected"): Promise<Submitted> {
  const submitted = await createSubmitted(db);
  await move(db, submitted.verificationId, status, "provider", "other");
  return submitted;
}

function answerOf(rows: readonly { answer: ActionResult }[]): ActionResult {
  const [row] = rows;
  if (!row) throw new Error("No answer.");
  return row.answer;
}

/** The pending request of an answer, which must have one. */
export function pendingOf({ pending_approval }: ActionResult): Pending {
  if (!pending_approval) throw new Error("No request waits.");
  return pending_approval;
}

/** A decision with a reason and a note that nothing else holds. */
export const decideSql =
  (verificationId: string, decision = "approve", documents: unknown = null) =>
  (sql: Sql) =>
    sql<{ answer: ActionResult }[]>`
      select private.kyc_decide(${verificationId}, ${decision}, 'known_fraud', 'xylophone',
        ${documents === null ? null : JSON.stringify(documents)}::text::jsonb, null) as answer`;

export async function decide(
  db: Db,
  staff: string,
  verificationId: string,
  decision = "approve",
  documents: unknown = null,
): Promise<ActionResult> {
  return answerOf(await db.as(user(staff), decideSql(verificationId, decision, documents)));
}

export const voteSql =
  (
    verificationId: string,
    { approval_id, request_hash }: Pick<Pending, "approval_id" | "request_hash">,
    { vote = "confirm", reason = null, note = null, hash = request_hash }: Vote = {},
  ) =>
  (sql: Sql) =>
    sql<{ answer: ActionResult }[]>`
      select private.kyc_vote(${verificationId}, ${approval_id}, ${hash}, ${vote}, ${reason}, ${note}) as answer`;

export async function vote(
  db: Db,
  staff: string,
  verificationId: string,
  pending: Pending,
  options: Vote = {},
): Promise<ActionResult> {
  return answerOf(await db.as(user(staff), voteSql(verificationId, pending, options)));
}

export const overturnSql =
  (what: "kyc_revoke" | "kyc_reopen", verificationId: string, reason: string | null = "appeal") =>
  (sql: Sql) =>
    sql<{ answer: ActionResult }[]>`
      select private.${sql(what)}(${verificationId}, ${reason}, 'xylophone', null) as answer`;

export async function overturn(
  db: Db,
  staff: string,
  what: "kyc_revoke" | "kyc_reopen",
  verificationId: string,
): Promise<ActionResult> {
  return answerOf(await db.as(user(staff), overturnSql(what, verificationId)));
}

/** Everything that a refused vote or decision must not change. */
export const everythingOf = (verificationId: string) => (sql: Sql) =>
  sql`
  select v.*, c.*, h.sequence as entries,
    (select json_agg(d order by d.document_id) from public.kyc_documents as d where d.verification_id = v.verification_id) as documents,
    (select json_agg(a order by a.approval_id) from private.kyc_approvals as a where a.verification_id = v.verification_id) as approvals,
    (select count(*) from private.kyc_reviews as r where r.verification_id = v.verification_id) as reviews
  from public.kyc_verifications as v
  join private.kyc_cases as c using (verification_id)
  join private.audit_heads as h on h.stream = 'kyc:' || v.verification_id
  where v.verification_id = ${verificationId}`;

/** A decision at high risk that one reviewer has asked for, and an approver who may vote. */
export async function createPending(db: Db, decision = "approve") {
  const submitted = await createInReview(db);
  const [first, second] = [await createStaff(db, "reviewer"), await createStaff(db, "approver")];
  const documents =
    decision === "request_resubmission"
      ? [{ document_id: submitted.documentId, reason_code: "image_unreadable" }]
      : null;
  const asked = await decide(db, first, submitted.verificationId, decision, documents);
  return { ...submitted, first, second, pending: pendingOf(asked) };
}

/** What became of the requests about a case, oldest first. */
export async function outcomesOf(db: Db, verificationId: string): Promise<(string | null)[]> {
  const rows = await db.sql<{ outcome: string | null }[]>`
    select outcome from private.kyc_approvals where verification_id = ${verificationId} order by approval_id`;
  return rows.map(({ outcome }) => outcome);
}
