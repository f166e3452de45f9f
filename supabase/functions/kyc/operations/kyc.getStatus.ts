import { only } from "../../_shared/db/only.ts";
import type { KycProjection } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { KycDeps } from "../deps.ts";

/** Where the signed-in person stands, and what to do next. */
export const getStatus: Operation<"kyc.getStatus", KycDeps> = async ({ tx }) => {
  const { body } = only(
    await tx<{ body: KycProjection }[]>`select private.kyc_projection() as body`,
  );
  return { status: 200, body };
};
