import { z } from "zod";

type Json = null | string | number | boolean | Json[] | { [key: string]: Json };
export type JsonMap = { [key: string]: Json };

const json: z.ZodType<Json> = z.json();
export const jsonMap: z.ZodType<JsonMap> = z.record(z.string(), json);

/** Changes the members that are named; null removes one. So does Supabase Auth with metadata. */
export function mergeJson(current: JsonMap | null, changes: JsonMap): JsonMap {
  const merged = { ...current, ...changes };
  for (const [key, value] of Object.entries(merged)) if (value === null) delete merged[key];
  return merged;
}
