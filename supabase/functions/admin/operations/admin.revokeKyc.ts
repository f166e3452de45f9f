import { only } from "../../_shared/db/only.ts";
import type { AdminKycActionResult } from "../../_shared/generated/contract.ts";
import { etag, expectedVersion } from "../../_shared/http/etag.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import { readVersion } from "../case.ts";
import type { AdminDeps } from "../deps.ts";

/** Proposes to end an approval for good; a second person has to confirm it. */
export const revokeKyc: Operation<"admin.revokeKyc", AdminDeps> = async ({
  tx,
  params: { verification_id: id },
  body: { reason_code, note = null },
  ifMatch,
}) => {
  const expected = await expectedVersion(ifMatch, () => readVersion(tx, id));
  const { body } = only(
    await tx<{ body: AdminKycActionResult }[]>`
      select private.kyc_revoke(${id}, ${reason_code}, ${note}, ${expected}) as body
    `,
  );
  return { status: 202, body, headers: { etag: etag(body.version) } };
};
