import { only } from "../../_shared/db/only.ts";
import type { AdminScreeningHit } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";

/** Says whether the entry of a list is the person. */
export const decideScreeningHit: Operation<"admin.decideScreeningHit", AdminDeps> = async ({
  tx,
  params: { verification_id: id, hit_id: hitId },
  body: { decision, note, entry_hash },
}) => {
  const { body } = only(
    await tx<{ body: AdminScreeningHit }[]>`
      select private.kyc_decide_screening_hit(${id}, ${hitId}, ${decision}, ${note}, ${entry_hash}) as body
    `,
  );
  return { status: 200, body };
};
