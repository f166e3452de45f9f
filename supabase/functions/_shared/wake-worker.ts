import { inBackground } from "./background.ts";
import { describeError, type Logger } from "./log/logger.ts";

/** Tells the worker that there is something to do; returns at once and never fails. */
export type WakeWorker = () => void;

export type WakeWorkerOptions = {
  /** Where `worker.run` is served. */
  readonly url: string;
  readonly secretKey: string;
  readonly log: Logger;
};

/** A run that waits for a slow provider must not keep the next submission waiting. */
const MAX_RUNNING = 4;
const TIMEOUT_MS = 30_000;

/**
 * Makes the wake-up that follows a change with something to send. Calls of the same moment become
 * one, and while enough runs are under way the next one starts when one of them ends, so a burst of
 * submissions is not a burst of runs. A wake-up that gets lost only delays: the worker also runs by
 * the clock.
 */
export function createWakeWorker({ url, secretKey, log }: WakeWorkerOptions): WakeWorker {
  let isScheduled = false;
  let running = 0;

  const run = async () => {
    running += 1;
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { apikey: secretKey },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.body?.cancel();
      if (!response.ok) log.warn("worker refused to wake", { status: response.status });
    } catch (error) {
      log.warn("worker could not be woken", { error: describeError(error) });
    }
    running -= 1;
    start();
  };

  const start = () => {
    if (!isScheduled || running >= MAX_RUNNING) return;
    isScheduled = false;
    inBackground(run());
  };

  return () => {
    if (isScheduled) return;
    isScheduled = true;
    // After the current turn, so that everything that commits in it shares one run.
    setTimeout(start, 0);
  };
}
