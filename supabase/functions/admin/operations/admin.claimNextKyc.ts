import { only } from "../../_shared/db/only.ts";
import type { AdminKycSummary } from "../../_shared/generated/contract.ts";
import { etag } from "../../_shared/http/etag.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";

/** Takes the next case of the queue. */
export const claimNextKyc: Operation<"admin.claimNextKyc", AdminDeps> = async ({ tx, body }) => {
  const { claimed } = only(
    await tx<{ claimed: AdminKycSummary | null }[]>`
      select private.kyc_claim_next(${tx.json({ ...body })}) as claimed
    `,
  );
  if (claimed === null) return { status: 204, body: null };
  return { status: 200, body: claimed, headers: { etag: etag(claimed.version) } };
};
