import type { ReadinessCheck } from "../_shared/generated/contract.ts";

/**
 * Runs one check and measures it. What exactly is wrong with a part that is down is not for the
 * public; the part's own logs know.
 */
export async function probe(
  name: ReadinessCheck["name"],
  check: () => Promise<void>,
): Promise<ReadinessCheck> {
  const startedAt = performance.now();
  const status = await check().then(
    () => "up" as const,
    () => "down" as const,
  );
  return { name, status, latency_ms: Math.round(performance.now() - startedAt) };
}
