import { only } from "../../_shared/db/only.ts";
import type { Verification } from "../../_shared/generated/contract.ts";
import { etag } from "../../_shared/http/etag.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { KycDeps } from "../deps.ts";

/** One verification of the signed-in person. */
export const getVerification: Operation<"kyc.getVerification", KycDeps> = async ({
  tx,
  params: { verification_id: id },
}) => {
  const { body } = only(
    await tx<{ body: Verification }[]>`select private.kyc_get_verification(${id}) as body`,
  );
  return { status: 200, body, headers: { etag: etag(body.version) } };
};
