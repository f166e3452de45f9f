import { only } from "../../_shared/db/only.ts";
import type { AdminKycActionResult } from "../../_shared/generated/contract.ts";
import { etag } from "../../_shared/http/etag.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";

/** Casts the second vote on a decision that needs two people. */
export const approveKyc: Operation<"admin.approveKyc", AdminDeps> = async ({
  tx,
  params: { verification_id: id },
  body: { approval_id, request_hash, vote, reason_code = null, note = null },
}) => {
  const { body } = only(
    await tx<{ body: AdminKycActionResult }[]>`
      select private.kyc_vote(${id}, ${approval_id}, ${request_hash}, ${vote}, ${reason_code}, ${note}) as body
    `,
  );
  return { status: 200, body, headers: { etag: etag(body.version) } };
};
