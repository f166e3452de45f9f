import type { CliOptions } from "./cli-options.ts";
import { createStack } from "./create-stack.ts";
import type { StackError } from "./errors.ts";
import { readySheet } from "./ready-sheet.ts";

const WORKER_INTERVAL_MS = 3_000;

/** Runs the stack in the foreground until a signal ends it or a part of it dies; the exit code. */
export async function runStack(options: CliOptions): Promise<number> {
  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1);
  const stop = new AbortController();
  const ended = Promise.withResolvers<StackError | undefined>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      // The second signal does not wait: the reaper cleans up behind this process.
      if (stop.signal.aborted) process.exit(130);
      console.log(`\n${signal}: stopping …`);
      stop.abort();
      ended.resolve(undefined);
    });
  }
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
