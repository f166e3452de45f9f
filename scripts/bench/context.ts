import type postgres from "postgres";
import type { Stack } from "../stack/create-stack.ts";

/** What a scenario measures against: a stack of its own, and its database as the owner. */
export interface BenchContext {
  readonly stack: Stack;
  readonly sql: postgres.Sql;
  readonly log: (line: string) => void;
}
