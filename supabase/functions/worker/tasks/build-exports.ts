import { SERVICE } from "../../_shared/auth/principal.ts";
import { only } from "../../_shared/db/only.ts";
import { ApiError } from "../../_shared/errors.ts";
import type { WorkerJobReport } from "../../_shared/generated/contract.ts";
import { describeError } from "../../_shared/log/logger.ts";
import type { Drain } from "./drain-outbox.ts";
import { type Claim, type ExportFile, stepsOf, writeStep } from "./export-steps.ts";

/** What was built, if anything was due; `more`: there may be exports left. */
export type ExportsReport = { jobs: WorkerJobReport[]; more: boolean };

const JOB = "build_exports";

type Outcome = "finished" | "failed" | "lost" | "out_of_time";

/**
 * Builds the exports that are due, one after the other, until none is left or the time is up. Each
 * step is written to Storage and then noted, so a run that ends anywhere is taken up behind the last
 * noted step, by whoever comes next.
 */
export async function buildExports(drain: Drain): Promise<ExportsReport> {
  const outcomes: Outcome[] = [];
  const report = (more: boolean) => {
    const affected = outcomes.filter((outcome) => outcome === "finished").length;
    return { jobs: outcomes.length > 0 ? [{ job: JOB, affected }] : [], more };
  };
  for (;;) {
    if (Date.now() >= drain.until) return report(true);
    const claim = await claimExport(drain);
    if (claim === null) return report(false);
    const result = await build(drain, claim);
    outcomes.push(result);
    drain.log.info("export", { resource_id: claim.export_id, task: JOB, result });
    if (result === "out_of_time") return report(true);
  }
}

async function claimExport({ transaction }: Drain): Promise<Claim | null> {
  const { claim } = only(
    await transaction(
      SERVICE,
      (tx) => tx<{ claim: Claim | null }[]>`select private.claim_export() as claim`,
    ),
  );
  return claim;
}

async function build(drain: Drain, claim: Claim): Promise<Outcome> {
  const done = new Map(Object.entries(claim.done));
  try {
    for (const step of stepsOf(claim)) {
      if (done.has(step)) continue;
      if (Date.now() >= drain.until) {
        await release(drain, claim, null);
        return "out_of_time";
      }
      const files = await writeStep(drain, claim, step, [...done.values()].flat());
      done.set(step, files);
      if (!(await note(drain, claim, step, files))) return "lost";
    }
    return (await finish(drain, claim)) ? "finished" : "lost";
  } catch (error) {
    drain.log.warn("export not built", {
      resource_id: claim.export_id,
      error: describeError(error),
    });
    await release(drain, claim, error instanceof ApiError ? error.code : "internal_error");
    return "failed";
  }
}

/** Whether to go on: another worker may have taken over, or nobody may want the export any more. */
async function note(
  { transaction }: Drain,
  { export_id, lease_id }: Claim,
  step: string,
  files: readonly ExportFile[],
): Promise<boolean> {
  const { isOurs } = only(
    await transaction(
      SERVICE,
      (tx) => tx<{ isOurs: boolean }[]>`
        select private.export_step(${export_id}, ${lease_id}, ${step}, ${tx.json([...files])})
          as "isOurs"
      `,
    ),
  );
  return isOurs;
}

async function finish({ transaction }: Drain, { export_id, lease_id }: Claim): Promise<boolean> {
  const { isDone } = only(
    await transaction(
      SERVICE,
      (tx) => tx<{ isDone: boolean }[]>`
        select private.finish_export(${export_id}, ${lease_id}) as "isDone"
      `,
    ),
  );
  return isDone;
}

async function release(
  { transaction }: Drain,
  { export_id, lease_id }: Claim,
  error: string | null,
): Promise<void> {
  await transaction(
    SERVICE,
    (tx) => tx`select private.release_export(${export_id}, ${lease_id}, ${error})`,
  );
}
