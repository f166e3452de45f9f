import { hash } from "node:crypto";

/** What an id stands for: a verification, an event, an attempt to deliver one. */
export type IdPrefix = "mkv" | "evt" | "dlv";

/**
 * An id that follows from the seed and what it names, so that two runs with the same seed and the
 * same requests have the same ids.
 */
export function makeId(prefix: IdPrefix, seed: string, ...names: readonly (string | number)[]) {
  return `${prefix}_${hash("sha256", JSON.stringify([seed, prefix, ...names])).slice(0, 24)}`;
}
