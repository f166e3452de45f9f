import postgres from "postgres";

/** One line to the process' log for whoever runs the stack; the caller of the request never sees it. */
export function logProblem(where: string, problem: unknown): void {
  process.stderr.write(`${where}: ${textOf(problem)}\n`);
}

function textOf(problem: unknown): string {
  // Where in the driver a refusal of the database arrived says nothing.
  if (problem instanceof postgres.PostgresError) return `${problem.code} ${problem.message}`;
  return problem instanceof Error ? (problem.stack ?? problem.message) : String(problem);
}

/**
 * The Data API library prints every query that Postgres refuses, with the values of rows in it. The
 * caller has that answer; a log must not. What it prints as text, such as failures of its own, stays.
 */
export function quietLibraryErrors(): void {
  console.error = (...parts: unknown[]) => {
    if (typeof parts[0] === "string") logProblem("data api", parts.map(String).join(" "));
  };
}
