import { only } from "../../_shared/db/only.ts";
import type { AdminKycSummary } from "../../_shared/generated/contract.ts";
import { etag } from "../../_shared/http/etag.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";

/** Makes a member of staff the holder of a case. */
export const assignKyc: Operation<"admin.assignKyc", AdminDeps> = async ({
  tx,
  params: { verification_id: id },
  body: { assignee_id: assigneeId, lease_minutes: minutes = null },
}) => {
  const { body } = only(
    await tx<{ body: AdminKycSummary }[]>`
      select private.kyc_assign(${id}, ${assigneeId}, ${minutes}) as body
    `,
  );
  return { status: 200, body, headers: { etag: etag(body.version) } };
};
