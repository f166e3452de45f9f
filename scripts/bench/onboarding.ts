import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { BenchContext } from "./context.ts";
import { createDrafts, type Draft } from "./drafts.ts";
import { inParallel } from "./in-parallel.ts";
import { percentile } from "./load.ts";
import type { Figure } from "./report.ts";

const ALONE = 30;
const TOGETHER = 300;
const WIDTH = 16;
const TIMEOUT_MS = 60_000;
const POLL_MS = 100;
const Anything = z.unknown();
const Records = z.object({ items: z.array(z.unknown()) });

/** When the database approved each that is approved, in milliseconds of the epoch. */
async function approvedAt({ sql }: BenchContext, ids: readonly string[]): Promise<number[]> {
  const rows = await sql<{ at: number }[]>`
    select (extract(epoch from status_changed_at) * 1000)::float8 as at
    from public.kyc_verifications where verification_id = any(${[...ids]}) and status = 'approved'`;
  return rows.map(({ at }) => at);
}

const idsOf = (drafts: readonly Draft[]) => drafts.map(({ verificationId }) => verificationId);

/** Submits, and waits for the approvals as long as they may take; what is not there by then is lost. */
async function submitAll(
  context: BenchContext,
  drafts: readonly Draft[],
  width: number,
): Promise<{ spanMs: number; approved: number }> {
  const ids = idsOf(drafts);
  const started = Date.now();
  await inParallel(width, drafts, ({ rest, verificationId }) =>
    rest.post(`/kyc/verifications/${verificationId}/submit`, Anything),
  );
  let times = await approvedAt(context, ids);
  while (times.length < ids.length && Date.now() < started + TIMEOUT_MS) {
    await delay(POLL_MS);
    times = await approvedAt(context, ids);
  }
  return { spanMs: Math.max(...times) - started, approved: times.length };
}

/** How many verifications were moved to a decision more than once, by the audit. */
async function decidedTwice({ sql }: BenchContext, ids: readonly string[]): Promise<number> {
  const streams = ids.map((id) => `kyc:${id}`);
  const [row] = await sql<{ count: number }[]>`
    select count(*)::integer as count from (
      select stream from private.audit_log
      where stream = any (${streams}) and action = 'kyc.transition'
        and details::jsonb ->> 'to' in ('approved', 'rejected', 'resubmission_required')
      group by stream having count(*) > 1) as twice`;
  return row?.count ?? 0;
}

/** How many verifications the provider has twice for the same attempt. */
async function submittedTwice({ stack }: BenchContext, ids: readonly string[]): Promise<number> {
  const counts = await inParallel(WIDTH, ids, async (id) => {
    const query = new URLSearchParams({ external_id: id, attempt: "1" });
    const answer = await fetch(`${stack.mockKycUrl}/v1/verifications?${query}`, {
      headers: { authorization: "Bearer local-mock-kyc-api-key" },
    });
    if (!answer.ok) throw new Error(`The mock provider answers ${answer.status}.`);
    return Records.parse(await answer.json()).items.length;
  });
  return counts.filter((count) => count > 1).length;
}

/** From a submission to the provider's approval: one at a time, and many at once. */
export async function onboarding(context: BenchContext): Promise<Figure[]> {
  const drafts = await createDrafts(context, ALONE + TOGETHER);
  const ids = idsOf(drafts);

  const alone: number[] = [];
  let approved = 0;
  for (const draft of drafts.slice(0, ALONE)) {
    const one = await submitAll(context, [draft], 1);
    alone.push(one.approved === 1 ? one.spanMs : TIMEOUT_MS);
    approved += one.approved;
  }
  alone.sort((a, b) => a - b);

  const together = await submitAll(context, drafts.slice(ALONE), WIDTH);
  approved += together.approved;
  const none = { unit: "", goal: { atMost: 0 } };
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
    { name: `not approved within ${TIMEOUT_MS / 1000} s`, value: ids.length - approved, ...none },
    { name: "decided twice", value: await decidedTwice(context, ids), ...none },
    { name: "submitted twice", value: await submittedTwice(context, ids), ...none },
  ];
}
