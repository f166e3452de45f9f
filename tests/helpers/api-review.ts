import type { Sql } from "postgres";
import type { Verification } from "../../supabase/functions/_shared/generated/contract.ts";
import { call } from "./api.ts";
import { type Account, createAccount } from "./api-accounts.ts";
import { verificationIn } from "./api-kyc.ts";

/** A verification that waits for a decision of staff, of somebody who lives in this country. */
export async function inReview(
  sql: Sql,
  { person, country }: { person?: Account; country?: string } = {},
): Promise<Verification> {
  const applicant = person ?? (await createAccount({ tag: "+kyc-review" }));
  const verification = await verificationIn(applicant, "in_review");
  if (country !== undefined) {
    await sql`update public.addresses set country = ${country} where user_id = ${applicant.id}`;
  }
  return verification;
}

/** What a refused request must not change: the state, the hold, what is written and what is to be sent. */
export const caseOf = (sql: Sql, { verification_id: id }: Verification) => sql`
  select v.status, v.version, c.assignee_id, c.lease_expires_at,
    (select count(*)::integer from private.kyc_notes where verification_id = v.verification_id) as notes,
    (select count(*)::integer from private.outbox where subject_id = v.verification_id) as messages,
    (select count(*)::integer from private.audit_log where stream = ${`kyc:${id}`}
      and action not in ('kyc.case_read')) as entries
  from public.kyc_verifications as v join private.kyc_cases as c using (verification_id)
  where v.verification_id = ${id}`;

/** Entries about a case of one kind, the newest last. */
export const entriesOf = (sql: Sql, { verification_id: id }: Verification, action: string) => sql`
  select actor_id, subject_type, subject_id, request_id, details::jsonb as details from private.audit_log
  where stream = ${`kyc:${id}`} and action = ${action} order by sequence`;

/** Makes somebody hold a case. */
export const hold = (as: Account, { verification_id }: Verification, holder: Account) =>
  call("admin.assignKyc", {
    as: as.credential,
    params: { verification_id },
    body: { assignee_id: holder.id },
  });
