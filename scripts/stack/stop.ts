import { existsSync } from "node:fs";
import type { CliOptions } from "./cli-options.ts";
import { lockPath, runningStack } from "./lock.ts";
import { poll } from "./poll.ts";

const STOP_TIMEOUT_MS = 45_000;

/** Asks the stack on this folder to stop and waits until it has. */
export async function stopStack(options: Pick<CliOptions, "dataDir">): Promise<number> {
  const running = await runningStack(options.dataDir);
  if (!running) {
    console.log("No stack is running.");
    return 0;
  }
  process.kill(running.pid, "SIGTERM");
  const gone = await poll(async () => !existsSync(lockPath(options.dataDir)), {
    timeoutMs: STOP_TIMEOUT_MS,
    intervalMs: 50,
  });
  console.log(gone ? "Stopped." : `Process ${running.pid} has not ended yet.`);
  return gone ? 0 : 1;
}
