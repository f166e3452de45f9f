import { type Db, type Sql, service } from "./db.ts";
import { createProcessing, move, type Submitted } from "./db-fixtures.ts";

/** A case that waits for a decision of staff. */
export async function createInReview(
  db: Db,
  { risk }: { risk?: string } = {},
): Promise<Submitted & { readonly reference: string }> {
  const processing = await createProcessing(db);
  await move(db, processing.verificationId, "in_review", "provider", "provider_review");
  if (risk !== undefined) {
    await db.sql`update private.kyc_cases set risk_level = ${risk}::text::public.risk_level
      where verification_id = ${processing.verificationId}`;
  }
  return processing;
}

/** The state, the hold and what was written down about a case: what a refusal must not change. */
export const caseOf = (verificationId: string) => (sql: Sql) =>
  sql`
  select v.status, v.version, c.assignee_id, c.lease_expires_at, c.due_at,
    (select sequence::integer from private.audit_heads where stream = 'kyc:' || v.verification_id) as entries,
    (select count(*)::integer from private.kyc_notes where verification_id = v.verification_id) as notes,
    (select count(*)::integer from private.kyc_reviews where verification_id = v.verification_id) as reviews
  from public.kyc_verifications as v join private.kyc_cases as c using (verification_id)
  where v.verification_id = ${verificationId}`;

/** Who holds a case and for how long still. */
export async function holdOf(db: Db, verificationId: string) {
  const [row] = await db.sql<{ holder: string | null; rest: string | null }[]>`
    select assignee_id as holder, (lease_expires_at - private.now())::text as rest from private.kyc_cases
    where verification_id = ${verificationId}`;
  return row;
}

/** The newest entry about a case. */
export async function lastEntry(db: Db, verificationId: string) {
  const [row] = await db.sql`
    select action, actor_kind, actor_id, subject_type, subject_id, reason_code, details::jsonb as details
    from private.audit_log where stream = ${`kyc:${verificationId}`} order by sequence desc limit 1`;
  return row;
}

export const passTime = (db: Db, time: string) =>
  db.as(service, (sql) => sql`select private.shift_clock(${time}::text::interval)`);
