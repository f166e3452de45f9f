import { expect } from "vitest";
import type {
  AdminPendingApproval,
  OperationId,
  Verification,
} from "../../supabase/functions/_shared/generated/contract.ts";
import { type ApiRequest, call, expectProblem } from "./api.ts";
import { type Account, createAccount, type ownerConnection } from "./api-accounts.ts";
import { newKey, verificationIn } from "./api-kyc.ts";

type Sql = ReturnType<ReturnType<typeof ownerConnection>>;

/** A case in review, at high risk unless told otherwise. */
export async function inReviewAt(sql: Sql, level = "high"): Promise<Verification> {
  const person = await createAccount({ tag: "+kyc-review" });
  const verification = await verificationIn(person, "in_review");
  await sql`update private.kyc_cases set risk_level = ${level}::text::public.risk_level
    where verification_id = ${verification.verification_id}`;
  return verification;
}

/** A request of a member of staff about a case, with the version that was read. */
export const about = (
  { verification_id, version }: Pick<Verification, "verification_id" | "version">,
  { credential: as }: Account,
  body: Record<string, unknown>,
): ApiRequest => ({
  as,
  params: { verification_id },
  headers: { ...newKey(), "if-match": `"v${version}"` },
  body,
});

/** Asks for a decision that needs two people; the request that waits. */
export async function ask(
  id: "admin.decideKyc" | "admin.revokeKyc" | "admin.reopenKyc",
  request: ApiRequest,
): Promise<AdminPendingApproval> {
  const { status, body } = await call(id, request);
  expect([status, body.result]).toEqual([202, "pending_second_approval"]);
  return body.pending_approval;
}

/** The vote of a second person on a request that was read. */
export function vote(
  { verification_id }: Pick<Verification, "verification_id">,
  { credential: as }: Account,
  { approval_id, request_hash }: AdminPendingApproval,
  more: Record<string, unknown> = {},
): ApiRequest {
  return {
    as,
    params: { verification_id },
    headers: newKey(),
    body: { approval_id, request_hash, vote: "confirm", ...more },
  };
}

/** What a refusal must not change. */
export const caseOf = (
  sql: Sql,
  { verification_id: id }: Pick<Verification, "verification_id">,
) => sql`
  select v.status, v.version, c.reason_code, h.sequence as entries,
    (select count(*)::integer from private.kyc_reviews as r where r.verification_id = v.verification_id) as reviews,
    (select json_agg(json_build_array(approval_id, outcome) order by approval_id) from private.kyc_approvals as a
      where a.verification_id = v.verification_id) as approvals
  from public.kyc_verifications as v
  join private.kyc_cases as c using (verification_id)
  join private.audit_heads as h on h.stream = 'kyc:' || v.verification_id
  where v.verification_id = ${id}`;

/** Expects a refusal that leaves the case, its requests and its audit as they were. */
export async function expectUnchanged(
  sql: Sql,
  verification: Pick<Verification, "verification_id">,
  [id, status, code]: readonly [OperationId, number, string],
  request: ApiRequest,
): Promise<void> {
  const before = await caseOf(sql, verification);
  await expectProblem(id, status, code, request);
  expect([...(await caseOf(sql, verification))]).toEqual([...before]);
}
