import { messageOf } from "../errors.ts";

export interface WorkerTimerOptions {
  readonly apiUrl: string;
  readonly secretKey: string;
  readonly intervalMs: number;
  readonly log: (line: string) => void;
}

export interface WorkerTimer {
  stop(): void;
}

const REQUEST_TIMEOUT_MS = 60_000;

async function runWorker(options: WorkerTimerOptions): Promise<string> {
  try {
    const response = await fetch(`${options.apiUrl}/functions/v1/worker/run`, {
      method: "POST",
      headers: { apikey: options.secretKey, "content-type": "application/json" },
      body: "{}",
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    await response.arrayBuffer();
    return response.ok ? "ok" : `status ${response.status}`;
  } catch (error) {
    return messageOf(error);
  }
}

/** Wakes the worker function regularly, as pg_cron does on the platform. One run at a time. */
export function startWorkerTimer(options: WorkerTimerOptions): WorkerTimer {
  let stopped = false;
  let last = "ok";
  let timer: NodeJS.Timeout;
  const tick = async () => {
    const outcome = await runWorker(options);
    if (stopped) return;
    // A lasting failure is said once, not every few seconds.
    if (outcome !== last) {
      options.log(outcome === "ok" ? "The worker runs again." : `The worker failed: ${outcome}.`);
    }
    last = outcome;
    timer = setTimeout(tick, options.intervalMs);
  };
  timer = setTimeout(tick, options.intervalMs);
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
