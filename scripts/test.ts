import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { runStep, runSteps, type Step } from "./lib/steps.ts";

/** Usage: npm test [-- <vitest arguments>]; with arguments only the named suites run. */
const vitestArguments = process.argv.slice(2);
/** The static checks run the repository rules already. */
const suites = vitestArguments.length === 0 ? ["--project", "!repo"] : vitestArguments;

const staticChecks: readonly Step[] = [
  {
    name: "static checks",
    command: "node",
    args: ["scripts/check.ts"],
    hint: "`npm run check` repeats only these",
    live: true,
  },
  {
    name: "database checks with the Supabase CLI",
    command: "node",
    args: ["scripts/check-database.ts"],
    hint: "migrations must apply from empty, advisors must be silent and types must be fresh",
    live: true,
  },
];

const summary = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numFailedTestSuites: z.number(),
});

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

async function runSuites(): Promise<Counts> {
  const folder = await mkdtemp(join(tmpdir(), "nff-report-"));
  const report = join(folder, "vitest.json");
  try {
    const result = await runStep({
      name: "test suites",
      command: "vitest",
      args: [
        "run",
        "--reporter=default",
        "--reporter=json",
        `--outputFile.json=${report}`,
        ...suites,
      ],
      hint: "repeat one suite with `npx vitest run --project <unit|repo|db|api|stack|console> <file>`",
      live: true,
    });
    const counts = summary.safeParse(JSON.parse(await readFile(report, "utf8").catch(() => "{}")));
    if (!counts.success) return { passed: 0, failed: 1, skipped: 0 };
    const { numPassedTests, numFailedTests, numPendingTests } = counts.data;
    // A file that does not load fails the run without a failed test of its own.
    const failed = result.ok ? numFailedTests : Math.max(1, numFailedTests);
    return { passed: numPassedTests, failed, skipped: numPendingTests };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const steps = vitestArguments.length === 0 ? await runSteps(staticChecks, 1) : [];
const counts = await runSuites();
for (const step of steps) {
  if (step.ok) counts.passed += 1;
  else counts.failed += 1;
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 ? 0 : 1;
