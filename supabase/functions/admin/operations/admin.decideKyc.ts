import { only } from "../../_shared/db/only.ts";
import type { AdminKycActionResult } from "../../_shared/generated/contract.ts";
import { etag, expectedVersion } from "../../_shared/http/etag.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import { readVersion } from "../case.ts";
import type { AdminDeps } from "../deps.ts";

/** Decides a case. */
export const decideKyc: Operation<"admin.decideKyc", AdminDeps> = async ({
  tx,
  params: { verification_id: id },
  body: { decision, reason_code = null, note = null, documents },
  ifMatch,
}) => {
  const expected = await expectedVersion(ifMatch, () => readVersion(tx, id));
  const { body } = only(
    await tx<{ body: AdminKycActionResult }[]>`
      select private.kyc_decide(${id}, ${decision}, ${reason_code}, ${note},
        ${documents ? tx.json(documents) : null}, ${expected}) as body
    `,
  );
  const headers = { etag: etag(body.version) };
  if (body.result === "pending_second_approval") return { status: 202, body, headers };
  return { status: 200, body, headers };
};
