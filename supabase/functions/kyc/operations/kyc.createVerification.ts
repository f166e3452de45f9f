import { only } from "../../_shared/db/only.ts";
import type { Verification } from "../../_shared/generated/contract.ts";
import { etag } from "../../_shared/http/etag.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { KycDeps } from "../deps.ts";

/** Starts a draft. */
export const createVerification: Operation<"kyc.createVerification", KycDeps> = async ({ tx }) => {
  const { body } = only(
    await tx<{ body: Verification }[]>`select private.kyc_create_verification() as body`,
  );
  return {
    status: 201,
    body,
    headers: {
      etag: etag(body.version),
      location: `/functions/v1/kyc/verifications/${body.verification_id}`,
    },
  };
};
