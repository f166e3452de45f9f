import { SERVICE } from "../../_shared/auth/principal.ts";
import { only } from "../../_shared/db/only.ts";
import type { RunTransaction } from "../../_shared/db/transaction.ts";
import type { WorkerInboxReport, WorkerJobReport } from "../../_shared/generated/contract.ts";
import { type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import type { Logger } from "../../_shared/log/logger.ts";
import type { WorkerDeps } from "../deps.ts";
import { anchorAudit } from "../tasks/anchor-audit.ts";
import { buildExports } from "../tasks/build-exports.ts";
import { deliverWebhooks } from "../tasks/deliver-webhooks.ts";
import { drainOutbox } from "../tasks/drain-outbox.ts";
import { tendAccounts } from "../tasks/tend-accounts.ts";

const DEFAULT_BUDGET_MS = 10_000;
/** Nobody waits for a job of time, and some look through much. */
const JOBS_TIMEOUT_MS = 60_000;
/** Rows per step and run; a full batch makes the next run find more. */
const BATCH = 100;

/**
 * Does what is due: jobs of time first, because they write messages; then what Auth has to be told;
 * then parked events; then the outbox, which takes longest, and webhooks beside it. Each step claims its rows, so any number of runs may overlap, and
 * each commits for itself, so a run that is cut short has done what it has done.
 */
export const run: UnboundOperation<"worker.run", WorkerDeps> = unbound(
  async ({ body, deps, transaction, log }) => {
    const startedAt = Date.now();
    const until = startedAt + (body?.budget_ms ?? DEFAULT_BUDGET_MS);
    const jobs = [
      ...(await runSchedules(transaction, log)),
      ...(await tendAccounts(deps.accounts, transaction, BATCH)),
    ];
    const inbox = await retryParked(transaction);
    const drain = { deps, transaction, log, until };
    // Side by side: a provider that hangs delays no customer's receiver.
    const [{ more, ...outbox }, webhooks, anchored] = await Promise.all([
      drainOutbox(drain),
      deliverWebhooks(drain),
      anchorAudit(drain),
    ]);
    const exports = await buildExports(drain);
    return {
      status: 200,
      body: {
        duration_ms: Date.now() - startedAt,
        more:
          more ||
          exports.more ||
          inbox.retried === BATCH ||
          jobs.some(({ affected }) => affected === BATCH),
        outbox,
        webhooks,
        inbox,
        jobs: [...jobs, ...anchored, ...exports.jobs],
      },
    };
  },
);

type JobRow = WorkerJobReport & { error: string | null };

async function runSchedules(transaction: RunTransaction, log: Logger): Promise<WorkerJobReport[]> {
  const rows = await transaction(SERVICE, async (tx) => {
    await tx`select set_config('statement_timeout', ${String(JOBS_TIMEOUT_MS)}, true)`;
    return tx<JobRow[]>`select job, affected, error from private.run_schedules(${BATCH})`;
  });
  for (const { job, error } of rows) {
    // The database goes on with the other jobs and keeps the message; here its code is enough.
    if (error !== null) log.error("job failed", { task: job, code: error.slice(0, 5) });
  }
  return rows.map(({ job, affected }) => ({ job, affected }));
}

async function retryParked(transaction: RunTransaction): Promise<WorkerInboxReport> {
  return only(
    await transaction(
      SERVICE,
      (tx) => tx<WorkerInboxReport[]>`
        select retried, applied, dead from private.kyc_retry_parked(${BATCH})
      `,
    ),
  );
}
