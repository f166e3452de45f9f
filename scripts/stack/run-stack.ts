import type { CliOptions } from "./cli-options.ts";
import { createStack } from "./create-stack.ts";
import type { StackError } from "./errors.ts";
import { readySheet } from "./ready-sheet.ts";

const WORKER_INTERVAL_MS = 3_000;

/** Aborts when somebody wants the stack to end: a signal, or the end of the command that started it. */
function stopRequests(): AbortController {
  const stop = new AbortController();
  const request = (why: string) => {
    // Asked again, it does not wait: the reaper cleans up behind this process.
    if (stop.signal.aborted) process.exit(130);
    console.log(`\n${why}: stopping …`);
    // A connection that breaks while it is given up may throw from a timer (postgres 3.4.9). The reaper does the rest.
    process.once("uncaughtException", () => process.exit(130));
    stop.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => request(signal));
  }
  if (process.channel) {
    process.once("disconnect", () => request("The command that started it has ended"));
    process.channel.unref();
  }
  // A closed terminal or pipe must not keep the stack from stopping in order.
  process.stdout.on("error", () => {});
  return stop;
}

/** Runs the stack in the foreground until a signal ends it or a part of it dies; the exit code. */
export async function runStack(options: CliOptions): Promise<number> {
  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1);
  const ended = Promise.withResolvers<StackError | undefined>();
  const stop = stopRequests();
  stop.signal.addEventListener("abort", () => ended.resolve(undefined));
  let ready = false;
  const stack = await createStack({
    root: options.root,
    dataDir: options.dataDir,
    cacheDir: options.cacheDir,
    ports: options.ports,
    watch: true,
    workerIntervalMs: options.worker ? WORKER_INTERVAL_MS : 0,
    signal: stop.signal,
    log: (line) => console.log(ready ? line : `[${seconds()} s] ${line}`),
    onFailure: (error) => ended.resolve(error),
  }).catch((error: unknown) => {
    if (stop.signal.aborted) return undefined;
    throw error;
  });
  if (!stack) return 130;
  ready = true;
  console.log(await readySheet(stack, seconds()));
  const failure = await ended.promise;
  await stack.dispose();
  if (failure) {
    console.error(failure.message);
    return 1;
  }
  console.log("Stopped. The data is kept; `npm start` goes on with it.");
  return 0;
}
