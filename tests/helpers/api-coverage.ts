import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { operations } from "../../supabase/functions/_shared/generated/operations.ts";
import { auditFaults, type SeenAnswer } from "./api-audit-rules.ts";
import { stackEnv } from "./stack-env.ts";

const VARIABLE = "NFF_API_COVERAGE";

/** Notes that an answer of an operation was checked against the contract. */
export function recordAnswer(operationId: string, status: number): void {
  const folder = process.env[VARIABLE];
  if (folder) appendFileSync(join(folder, "answers.txt"), `${operationId} ${status}\n`);
}

/** Notes an answer of the stack, to be held against the audit at the end of the run. */
export function recordForAudit({ operation, status, requestId, isReplay }: SeenAnswer): void {
  const folder = process.env[VARIABLE];
  const line = `${operation} ${status} ${requestId} ${isReplay}\n`;
  if (folder) appendFileSync(join(folder, "audit.txt"), line);
}

/** Every tested operation is made to fail once; others were only called on the way. */
function testedIn(lines: readonly string[]): ReadonlySet<string | undefined> {
  return new Set(lines.flatMap((line) => (/ 500$/.test(line) ? line.split(" ")[0] : [])));
}

/** How many of the documented answers of the tested operations were seen. */
export function summarise(lines: readonly string[]): string {
  const seen = new Set(lines.filter((line) => line !== ""));
  const tested = testedIn(lines);
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

const linesOf = (folder: string, file: string) =>
  readFileSync(join(folder, file), { encoding: "utf8", flag: "a+" })
    .split("\n")
    .filter((line) => line !== "");

function toAnswer(line: string): SeenAnswer {
  const [operation = "", status = "", requestId = "", isReplay = ""] = line.split(" ");
  return { operation, status: Number(status), requestId, isReplay: isReplay === "true" };
}

/** Holds every answer of the run against the audit: what was done is there, what was refused is not. */
async function checkAudit(
  answers: readonly SeenAnswer[],
  tested: ReadonlySet<string | undefined>,
): Promise<void> {
  const sql = postgres(stackEnv().dbUrl, { max: 1, onnotice: () => {} });
  try {
    const faults = await auditFaults(sql, answers, (id) => tested.has(id));
    console.log(`Audit: ${answers.length} answers held against the log, ${faults.length} faults.`);
    if (faults.length === 0) return;
    // Not thrown: that would leave the stack running, which is stopped after this.
    console.error(`The audit does not fit:\n${faults.join("\n")}`);
    process.exitCode = 1;
  } finally {
    await sql.end();
  }
}

/** Prints what was seen; a run whose answers the audit does not know of has failed. */
export async function teardown(): Promise<void> {
  const folder = process.env[VARIABLE] ?? "";
  const answers = linesOf(folder, "answers.txt");
  const forAudit = linesOf(folder, "audit.txt").map(toAnswer);
  rmSync(folder, { recursive: true });
  if (answers.length > 0) console.log(`\n${summarise(answers)}`);
  if (forAudit.length > 0) await checkAudit(forAudit, testedIn(answers));
}
