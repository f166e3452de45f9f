import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { audit } from "./bench/audit.ts";
import type { BenchContext } from "./bench/context.ts";
import { footprint } from "./bench/footprint.ts";
import { model } from "./bench/model.ts";
import { onboarding } from "./bench/onboarding.ts";
import { queues } from "./bench/queues.ts";
import { readMe } from "./bench/read-me.ts";
import { type Figure, isReached, printFigures } from "./bench/report.ts";
import { scale } from "./bench/scale.ts";
import { screening } from "./bench/screening.ts";
import { users } from "./bench/users.ts";
import { verdict } from "./bench/verdict.ts";
import { createStack } from "./stack/create-stack.ts";
import { NO_RATE_LIMIT } from "./stack/no-rate-limit.ts";

type Scenario = (context: BenchContext) => Promise<Figure[]>;

const SCENARIOS: Readonly<Record<string, { title: string; run: Scenario }>> = {
  footprint: { title: "Start and memory", run: footprint },
  "read-me": { title: "Reading one's own profile, 16 connections", run: readMe },
  users: { title: "Users at a fixed rate, through the gateway", run: users },
  scale: { title: "The back office with 10 000 and 1 000 000 people", run: scale },
  queues: { title: "Queues to and from the provider", run: queues },
  model: { title: "Random sequences against the model of the engine", run: model },
  onboarding: { title: "Submit to approved, provider without delay", run: onboarding },
  verdict: { title: "From the provider's verdict to the person's screen", run: verdict },
  audit: { title: "The audit: writing to one chain, checking long ones", run: audit },
  // Last, because its list is in force from then on.
  screening: { title: "Looking people up in a list of 1 000 000", run: screening },
};

/** Usage: npm run bench [-- <scenario> …] */
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in SCENARIOS));
if (unknown.length > 0) {
  console.error(
    `There is no scenario ${unknown.join(", ")}: choose of ${Object.keys(SCENARIOS).join(", ")}.`,
  );
  process.exit(2);
}

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => interrupted.abort());

await using stack = await createStack({
  dataDir: await mkdtemp(join(tmpdir(), "nff-bench-")),
  ports: "free",
  temporary: true,
  mockTimeScale: 0,
  workerIntervalMs: 1_000,
  auth: { rate_limit: NO_RATE_LIMIT },
  signal: interrupted.signal,
  log: (line) => console.log(line),
  onFailure: (error) => console.error(error.message),
});
const sql = postgres(stack.dbUrl, { max: 4, onnotice: () => {} });
try {
  const figures: Figure[] = [];
  for (const [name, { title, run }] of Object.entries(SCENARIOS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const measured = await run({ stack, sql, log: (line) => console.log(`  ${line}`) });
    printFigures(title, measured);
    figures.push(...measured);
  }
  const judged = figures.map(isReached).filter((reached) => reached !== undefined);
  console.log(`\n${judged.filter(Boolean).length} of ${judged.length} goals reached.`);
} finally {
  await sql.end();
}
