import type { Problem } from "../../../supabase/functions/_shared/generated/contract.ts";

/** An answer that is no success, as the contract describes it. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "ApiError";
    this.problem = problem;
  }

  get code(): Problem["code"] {
    return this.problem.code;
  }
}

/** The request did not reach the server, or its answer did not reach us. */
export class ConnectionError extends Error {
  constructor() {
    super(
      "The server could not be reached. Check the connection; nothing is lost by trying again.",
    );
    this.name = "ConnectionError";
  }
}

export function hasCode(error: unknown, ...codes: readonly Problem["code"][]): boolean {
  return error instanceof ApiError && codes.includes(error.code);
}

/** Whether asking again may have another outcome. */
export function mayRetry(error: unknown): boolean {
  if (error instanceof ConnectionError) return true;
  return error instanceof ApiError && (error.problem.status >= 500 || error.problem.status === 429)
    ? error.code !== "not_implemented"
    : false;
}
