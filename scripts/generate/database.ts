import type { OutputFile } from "./output.ts";

/** Types and schema dump of a migrated database. */
export async function generateDatabase(_url: string): Promise<OutputFile[]> {
  return [];
}
