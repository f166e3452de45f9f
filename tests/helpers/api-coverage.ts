import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { operations } from "../../supabase/functions/_shared/generated/operations.ts";

const VARIABLE = "NFF_API_COVERAGE";

/** Notes that an answer of an operation was checked against the contract. */
export function recordAnswer(operationId: string, status: number): void {
  const folder = process.env[VARIABLE];
  if (folder) appendFileSync(join(folder, "answers.txt"), `${operationId} ${status}\n`);
}

/** How many of the documented answers of the tested operations were seen. */
export function summarise(lines: readonly string[]): string {
  const seen = new Set(lines.filter((line) => line !== ""));
  // Every tested operation is made to fail once; others were only called on the way.
  const tested = new Set(
    [...seen].flatMap((line) => (/ 500$/.test(line) ? line.split(" ")[0] : [])),
  );
  const documented = Object.values(operations)
    .filter(({ id }) => tested.has(id))
    .flatMap(({ id, successStatuses, errorStatuses }) =>
      [...successStatuses, ...errorStatuses].map((status) => `${id} ${status}`),
    );
  const missing = documented.filter((pair) => !seen.has(pair));
  const counted = `${documented.length - missing.length} of ${documented.length}`;
  const head = `Contract coverage: ${counted} documented (operation, status) pairs of ${tested.size} operations seen.`;
  return missing.length === 0 ? head : `${head}\nNot seen: ${missing.join(", ")}.`;
}

/** Starts collecting what all test files of a run see; vitest calls this once per run. */
export function setup(): void {
  process.env[VARIABLE] = mkdtempSync(join(tmpdir(), "nff-coverage-"));
}

/** Prints what was seen. */
export function teardown(): void {
  const folder = process.env[VARIABLE] ?? "";
  const text = readFileSync(join(folder, "answers.txt"), { encoding: "utf8", flag: "a+" });
  rmSync(folder, { recursive: true });
  if (text !== "") console.log(`\n${summarise(text.split("\n"))}`);
}
