import { only } from "../../_shared/db/only.ts";
import type { StateMachine } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { KycDeps } from "../deps.ts";

/** The rules by which a verification moves, from the rows that the database obeys. */
export const getStateMachine: Operation<"kyc.getStateMachine", KycDeps> = async ({ tx }) => {
  const { body } = only(
    await tx<{ body: StateMachine }[]>`select private.kyc_state_machine() as body`,
  );
  return { status: 200, body };
};
