import { only } from "../../_shared/db/only.ts";
import type { AdminKycActionResult } from "../../_shared/generated/contract.ts";
import { etag } from "../../_shared/http/etag.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";

/** Sends a case to the provider again. */
export const requeueKyc: Operation<"admin.requeueKyc", AdminDeps> = async ({
  tx,
  params: { verification_id: id },
  body: request,
  deps: { wakeWorker },
  afterCommit,
}) => {
  const { body } = only(
    await tx<{ body: AdminKycActionResult }[]>`
      select private.kyc_requeue(${id}, ${request?.note ?? null}) as body
    `,
  );
  afterCommit(wakeWorker);
  return { status: 200, body, headers: { etag: etag(body.version) } };
};
