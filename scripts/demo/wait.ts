import { setTimeout as delay } from "node:timers/promises";

const EVERY_MS = 100;

/**
 * Asks again and again until there is an answer.
 *
 * @param ask Answers null as long as there is nothing to tell.
 * @throws Error that names `what` when the time is over.
 */
export async function waitFor<Answer>(
  what: string,
  timeoutMs: number,
  ask: () => Promise<Answer | null>,
): Promise<Answer> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() > deadline) {
      throw new Error(`${what} did not come within ${timeoutMs / 1000} seconds.`);
    }
    await delay(EVERY_MS);
  }
}
