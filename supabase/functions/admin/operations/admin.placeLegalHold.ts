import { only } from "../../_shared/db/only.ts";
import type { AdminLegalHold } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";

/** Orders that nothing of a person is erased. */
export const placeLegalHold: Operation<"admin.placeLegalHold", AdminDeps> = async ({
  tx,
  params: { user_id: userId },
  body: { reason_code: reason },
}) => {
  const { body } = only(
    await tx<{ body: AdminLegalHold }[]>`
      select private.place_legal_hold(${userId}, ${reason}) as body
    `,
  );
  return { status: 201, body };
};
