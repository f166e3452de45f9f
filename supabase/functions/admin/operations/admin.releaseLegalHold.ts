import { only } from "../../_shared/db/only.ts";
import type { AdminLegalHold } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";

/** Ends a hold. What it stopped goes on with the next run of the worker. */
export const releaseLegalHold: Operation<"admin.releaseLegalHold", AdminDeps> = async ({
  tx,
  params: { hold_id: id },
}) => {
  const { body } = only(
    await tx<{ body: AdminLegalHold }[]>`select private.release_legal_hold(${id}) as body`,
  );
  return { status: 200, body };
};
