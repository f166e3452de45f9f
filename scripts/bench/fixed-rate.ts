import { percentile } from "./load.ts";

/** Latencies in milliseconds, counted from when each call was due. */
export interface Latencies {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/**
 * Calls `act` so many times a second, whether or not earlier calls have come back, so that a slow
 * answer is not hidden by the calls that were not made meanwhile. A call that fails ends it.
 */
export async function atFixedRate(
  perSecond: number,
  seconds: number,
  act: () => Promise<unknown>,
): Promise<Latencies> {
  const started = performance.now();
  const count = perSecond * seconds;
  const calls = Array.from({ length: count }, (_, index) => {
    const dueMs = (index * 1000) / perSecond;
    return new Promise<number>((resolve, reject) => {
      setTimeout(() => {
        act().then(() => resolve(performance.now() - started - dueMs), reject);
      }, dueMs);
    });
  });
  const sorted = (await Promise.all(calls)).sort((a, b) => a - b);
  return {
    p50: percentile(sorted, 0.5),
    p95: percentile(sorted, 0.95),
    p99: percentile(sorted, 0.99),
  };
}
