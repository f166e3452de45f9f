import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { runSteps, type Step } from "./lib/steps.ts";

/** Usage: npm test [-- <vitest arguments>]; with arguments only the named suites run. */
const vitestArguments = process.argv.slice(2);

/**
 * Suites that run beside each other, each with a stack of its own; the longest first. The repository rules are among
 * the static checks.
 */
const LANES: Record<string, readonly string[]> = {
  stack: ["--project", "stack"],
  api: ["--project", "api"],
  db: ["--project", "db", "--project", "unit"],
  console: ["--project", "console"],
};

const staticChecks: readonly Step[] = [
  {
    name: "static checks",
    command: "node",
    args: ["scripts/check.ts"],
    hint: "`npm run check` repeats only these",
    live: "check",
  },
  {
    name: "database checks with the Supabase CLI",
    command: "node",
    args: ["scripts/check-database.ts"],
    hint: "migrations must apply from empty, advisors must be silent and types must be fresh",
    live: "check",
  },
];

const summary = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
});

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

function suiteStep(name: string, suites: readonly string[], report: string): Step {
  return {
    name: `tests: ${name}`,
    command: "vitest",
    args: [
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
      ...suites,
    ],
    hint: "repeat one suite with `npx vitest run --project <unit|repo|db|api|stack|console> <file>`",
    live: name,
  };
}

async function countTests(report: string, ok: boolean): Promise<Counts> {
  const counts = summary.safeParse(JSON.parse(await readFile(report, "utf8").catch(() => "{}")));
  if (!counts.success) return { passed: 0, failed: 1, skipped: 0 };
  const { numPassedTests, numFailedTests, numPendingTests } = counts.data;
  // A file that does not load fails the run without a failed test of its own.
  const failed = ok ? numFailedTests : Math.max(1, numFailedTests);
  return { passed: numPassedTests, failed, skipped: numPendingTests };
}

const lanes = vitestArguments.length === 0 ? LANES : { chosen: vitestArguments };
const folder = await mkdtemp(join(tmpdir(), "nff-report-"));
const reportOf = (step: Step): string => join(folder, `${step.live}.json`);
try {
  const suites = Object.entries(lanes).map(([name, args]) =>
    suiteStep(name, args, join(folder, `${name}.json`)),
  );
  const checks = vitestArguments.length === 0 ? staticChecks : [];
  // Two at a time: most of a suite is waiting for processes of its stack, so two share two cores well.
  const results = await runSteps([...suites, ...checks], 2);
  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { step, ok } of results) {
    const counts = suites.includes(step)
      ? await countTests(reportOf(step), ok)
      : { passed: Number(ok), failed: Number(!ok), skipped: 0 };
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  process.exitCode = total.failed === 0 ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
