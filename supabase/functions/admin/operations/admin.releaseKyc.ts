import { only } from "../../_shared/db/only.ts";
import type { AdminKycSummary } from "../../_shared/generated/contract.ts";
import { etag } from "../../_shared/http/etag.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";

/** Gives a case back to the queue. */
export const releaseKyc: Operation<"admin.releaseKyc", AdminDeps> = async ({
  tx,
  params: { verification_id: id },
}) => {
  const { body } = only(
    await tx<{ body: AdminKycSummary }[]>`select private.kyc_release(${id}) as body`,
  );
  return { status: 200, body, headers: { etag: etag(body.version) } };
};
