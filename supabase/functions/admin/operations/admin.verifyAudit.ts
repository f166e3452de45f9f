import { only } from "../../_shared/db/only.ts";
import type { AdminAuditVerification } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";

/** One chain may be as long as it likes, and is checked as a whole. */
const TIMEOUT_MS = 30_000;

/** Recomputes the hash chains. */
export const verifyAudit: Operation<"admin.verifyAudit", AdminDeps> = async ({ tx, query }) => {
  const { stream, from_stream, anchor_sequence, anchor_hash } = query;
  await tx`select set_config('statement_timeout', ${String(TIMEOUT_MS)}, true)`;
  const { body } = only(
    await tx<{ body: AdminAuditVerification }[]>`
      select private.verify_audit(${stream ?? null}, ${from_stream ?? null}, ${anchor_sequence ?? null},
        ${anchor_hash ?? null}) as body
    `,
  );
  return { status: 200, body };
};
