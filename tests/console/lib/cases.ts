import type { Sql } from "postgres";
import type { Verification } from "../../../supabase/functions/_shared/generated/contract.ts";
import { type Account, createAccount } from "../../helpers/api-accounts.ts";
import { verificationIn } from "../../helpers/api-kyc.ts";

export interface Case {
  readonly person: Account;
  readonly verification: Verification;
}

/** A case that the provider has left to staff. */
export async function caseInReview(): Promise<Case> {
  const person = await createAccount({ tag: "+kyc-review" });
  return { person, verification: await verificationIn(person, "in_review") };
}

/** Makes a case one that two people have to approve. */
export async function raiseRisk(sql: Sql, { verification }: Case): Promise<void> {
  await sql`
    update private.kyc_cases set risk_level = 'high'
    where verification_id = ${verification.verification_id}`;
}

export async function statusOf(sql: Sql, { verification }: Case): Promise<string> {
  const [row] = await sql<{ status: string }[]>`
    select status from public.kyc_verifications
    where verification_id = ${verification.verification_id}`;
  return row?.status ?? "gone";
}
