import { z } from "zod";
import { waitFor } from "../demo/wait.ts";
import type { BenchContext } from "./context.ts";
import { createDrafts, type Draft } from "./drafts.ts";
import { inParallel } from "./in-parallel.ts";
import { percentile } from "./load.ts";
import type { Figure } from "./report.ts";

const ALONE = 30;
const TOGETHER = 300;
const WIDTH = 16;
const TIMEOUT_MS = 60_000;
const Anything = z.unknown();

/** When the database approved it, in milliseconds of the epoch, or null as long as it has not. */
async function approvedAt({ sql }: BenchContext, ids: readonly string[]): Promise<number[]> {
  const rows = await sql<{ at: number }[]>`
    select (extract(epoch from status_changed_at) * 1000)::float8 as at
    from public.kyc_verifications where verification_id = any(${[...ids]}) and status = 'approved'`;
  return rows.map(({ at }) => at);
}

/** Submits and waits for the approvals; the time until each, in milliseconds. */
async function submitAll(
  context: BenchContext,
  drafts: readonly Draft[],
  width: number,
): Promise<{ spanMs: number; approved: number }> {
  const ids = drafts.map(({ verificationId }) => verificationId);
  const started = Date.now();
  await inParallel(width, drafts, ({ rest, verificationId }) =>
    rest.post(`/kyc/verifications/${verificationId}/submit`, Anything),
  );
  const times = await waitFor(`${drafts.length} approvals`, TIMEOUT_MS, async () => {
    const found = await approvedAt(context, ids);
    return found.length === drafts.length ? found : null;
  });
  return { spanMs: Math.max(...times) - started, approved: times.length };
}

/** From a submission to the provider's approval: one at a time, and many at once. */
export async function onboarding(context: BenchContext): Promise<Figure[]> {
  const drafts = await createDrafts(context, ALONE + TOGETHER);

  const alone: number[] = [];
  for (const draft of drafts.slice(0, ALONE)) {
    alone.push((await submitAll(context, [draft], 1)).spanMs);
  }
  alone.sort((a, b) => a - b);

  const together = await submitAll(context, drafts.slice(ALONE), WIDTH);
  return [
    {
      name: "one at a time, median",
      value: percentile(alone, 0.5),
      unit: "ms",
      goal: { atMost: 150 },
    },
    { name: "one at a time, p95", value: percentile(alone, 0.95), unit: "ms" },
    {
      name: `${TOGETHER} at once, ${WIDTH} clients`,
      value: together.approved / (together.spanMs / 1000),
      unit: "/s",
      goal: { atLeast: 40 },
    },
    { name: "lost", value: TOGETHER - together.approved, unit: "", goal: { atMost: 0 } },
  ];
}
