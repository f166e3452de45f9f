import postgres from "postgres";
import { checkAudit } from "../audit/check-chains.ts";
import type { BenchContext } from "./context.ts";
import { inParallel } from "./in-parallel.ts";
import type { Figure } from "./report.ts";

const WRITERS = 16;
const APPENDS = 20_000;
const VERIFIED = 100_000;
/** Entries per commit: every version of a head that its own transaction has made must be walked over. */
const BATCH = 500;
const ROUNDS = 3;
const STREAM = "bench:one";
const LONG_STREAM = "bench:long";

/** Appends per second of several writers that each commit for themselves, all to one chain. */
async function appendToOne({ stack }: BenchContext): Promise<number> {
  const sql = postgres(stack.dbUrl, { max: WRITERS, onnotice: () => {} });
  try {
    const append = (index: number) => sql`
      select private.audit_append(${STREAM}, 'staff', 'actor', 'bench.done', 'thing', ${String(index)}, null,
        '{"code": "bench"}')`;
    const appends = (count: number) => Array.from({ length: count }, (_, index) => index);
    // The first ones open connections and plan statements.
    await inParallel(WRITERS, appends(WRITERS * 10), async (index) => (await append(index)).length);
    const started = performance.now();
    await inParallel(WRITERS, appends(APPENDS), async (index) => (await append(index)).length);
    return APPENDS / ((performance.now() - started) / 1000);
  } finally {
    await sql.end();
  }
}

/** The quickest of a few runs, in milliseconds, without what the machine does besides. */
async function quickest(work: () => Promise<void>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round += 1) {
    const started = performance.now();
    await work();
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

async function expectIntact(faults: readonly unknown[]): Promise<void> {
  if (faults.length > 0) throw new Error(`The audit does not verify: ${JSON.stringify(faults[0])}`);
}

/** Writing to one chain, and checking long and whole ones, in the database and outside of it. */
export async function audit(context: BenchContext): Promise<Figure[]> {
  const { sql, log } = context;
  const perSecond = await appendToOne(context);
  log(`${perSecond.toFixed(0)} entries a second; writing ${VERIFIED} more …`);
  for (let written = 0; written < VERIFIED; written += BATCH) {
    await sql`
      select count(private.audit_append(${LONG_STREAM}, 'staff', 'actor', 'bench.done', 'thing', n::text, null,
        '{"code": "bench"}')) from generate_series(1, ${BATCH}::integer) as n`;
  }
  // As autovacuum would within a minute.
  await sql`vacuum analyze private.audit_log, private.audit_heads`;
  const one = await quickest(async () =>
    expectIntact(await sql`select * from private.audit_verify(${LONG_STREAM})`),
  );
  const whole = await quickest(async () =>
    expectIntact(await sql`select * from private.audit_verify()`),
  );
  const outside = await quickest(async () => expectIntact((await checkAudit(sql, [])).findings));
  return [
    {
      name: `audit entries in one chain, ${WRITERS} writers, a commit each`,
      value: perSecond,
      unit: "/s",
      goal: { atLeast: 2000 },
    },
    {
      name: `a chain of ${VERIFIED} entries checked`,
      value: one / 1000,
      unit: "s",
      goal: { atMost: 2 },
    },
    {
      name: `the whole audit of ${VERIFIED + APPENDS} entries and more checked`,
      value: whole / 1000,
      unit: "s",
    },
    { name: "the same, outside of the database", value: outside / 1000, unit: "s" },
  ];
}
