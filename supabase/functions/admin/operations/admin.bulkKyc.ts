import { only } from "../../_shared/db/only.ts";
import { codeOfSqlstate } from "../../_shared/db/sqlstate.ts";
import { ERRORS } from "../../_shared/errors.ts";
import type { AdminBulkKycItemResult } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { Logger } from "../../_shared/log/logger.ts";
import type { AdminDeps } from "../deps.ts";

type Item = Pick<AdminBulkKycItemResult, "verification_id" | "result" | "status" | "version"> & {
  readonly sqlstate: string | null;
  readonly message: string | null;
};

/** Does one action on many cases, each as if it were alone. */
export const bulkKyc: Operation<"admin.bulkKyc", AdminDeps> = async ({
  tx,
  body,
  log,
  deps: { wakeWorker },
  afterCommit,
}) => {
  const { results } = only(
    await tx<{ results: Item[] }[]>`select private.kyc_bulk(${tx.json(body)}) as results`,
  );
  afterCommit(wakeWorker);
  const items = results.map((item) => toResult(item, log));
  const failed = items.filter(({ error_code }) => error_code !== null).length;
  return {
    status: 207,
    body: {
      dry_run: body.dry_run ?? false,
      succeeded: items.length - failed,
      failed,
      items,
    },
  };
};

function toResult({ sqlstate, message, ...item }: Item, log: Logger): AdminBulkKycItemResult {
  if (sqlstate === null) {
    const http_status = item.result === "pending_second_approval" ? 202 : 200;
    return { ...item, http_status, error_code: null, error_detail: null };
  }
  const code = codeOfSqlstate(sqlstate);
  const isOurs = sqlstate.startsWith("NF");
  // A sentence of the database's own may tell of the inside.
  if (!isOurs)
    log.error("A bulk item failed.", {
      code: sqlstate,
      resource_id: item.verification_id,
    });
  return {
    ...item,
    http_status: ERRORS[code].status,
    error_code: code,
    error_detail: isOurs ? message : ERRORS[code].title,
  };
}
