import { setTimeout as delay } from "node:timers/promises";

/**
 * Asks until the answer is neither undefined nor false, and gives up at the deadline with undefined.
 * An `abandon` promise ends it early, so that nobody waits for a process that is already dead.
 */
export async function poll<T>(
  ask: () => Promise<T | undefined | false>,
  options: { timeoutMs: number; intervalMs?: number; abandon?: Promise<unknown> },
): Promise<T | undefined> {
  const deadline = performance.now() + options.timeoutMs;
  let abandoned = false;
  void options.abandon?.then(() => {
    abandoned = true;
  });
  while (performance.now() < deadline && !abandoned) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await delay(options.intervalMs ?? 25);
  }
  return undefined;
}
