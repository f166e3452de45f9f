import { only } from "../../_shared/db/only.ts";
import type { ReasonCodeInfo } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { KycDeps } from "../deps.ts";

/** The reasons that a person may be told. */
export const listReasonCodes: Operation<"kyc.listReasonCodes", KycDeps> = async ({ tx }) => {
  const { items } = only(
    await tx<{ items: ReasonCodeInfo[] }[]>`select private.kyc_list_reason_codes() as items`,
  );
  return { status: 200, body: { items } };
};
