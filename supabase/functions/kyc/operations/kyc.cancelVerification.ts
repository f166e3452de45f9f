import { only } from "../../_shared/db/only.ts";
import type { Verification } from "../../_shared/generated/contract.ts";
import { etag } from "../../_shared/http/etag.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { KycDeps } from "../deps.ts";

/** Gives a verification up. */
export const cancelVerification: Operation<"kyc.cancelVerification", KycDeps> = async ({
  tx,
  params: { verification_id: id },
}) => {
  const { body } = only(
    await tx<{ body: Verification }[]>`select private.kyc_cancel_verification(${id}) as body`,
  );
  return { status: 200, body, headers: { etag: etag(body.version) } };
};
