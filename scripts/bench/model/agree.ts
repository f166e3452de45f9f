import { randomUUID } from "node:crypto";
import type postgres from "postgres";

type Sql = postgres.TransactionSql;

async function createAccount(sql: Sql): Promise<string> {
  const id = randomUUID();
  await sql`insert into auth.users (id, email, aud, role, raw_user_meta_data)
    values (${id}, ${`${id}@example.com`}, 'authenticated', 'authenticated', '{}')`;
  return id;
}

/**
 * The ids of two accounts that have agreed to a move of staff in this transaction, as their votes leave it; of
 * one that needs nobody, where the rules ask for no second person.
 */
export async function agree(
  sql: Sql,
  verificationId: string | null,
  to: string,
): Promise<readonly [first: string, second: string | null]> {
  const [move] = await sql<{ needs_two: boolean }[]>`
    select private.kyc_needs_two(rule.four_eyes, v, rule.to_status) as needs_two
    from public.kyc_verifications as v
    join private.kyc_transitions as rule on rule.from_status = v.status and rule.actor = 'staff'
      and rule.to_status = ${to}::text::public.kyc_status
    where v.verification_id = ${verificationId}`;
  if (!move?.needs_two) return ["test", null];
  const [first, second] = [await createAccount(sql), await createAccount(sql)];
  await sql`
    insert into private.kyc_approvals (verification_id, action, from_status, to_status, reason_code, attempt, version,
      case_hash, requested_by, expires_at)
    select v.verification_id, case v.status when 'approved' then 'revoke' when 'rejected' then 'reopen' else 'reject' end,
      v.status, ${to}::text::public.kyc_status, 'other', v.attempt, v.version, private.kyc_case_hash(v), ${first},
      private.now()
    from public.kyc_verifications as v where v.verification_id = ${verificationId}`;
  await sql`
    update private.kyc_approvals set outcome = 'confirmed', voter_id = ${second}, closed_at = private.now()
    where verification_id = ${verificationId} and outcome is null`;
  return [first, second];
}
