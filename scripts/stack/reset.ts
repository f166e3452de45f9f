import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { CliOptions } from "./cli-options.ts";
import { StackError } from "./errors.ts";
import { runningStack } from "./lock.ts";
import { outsideHome } from "./services/postgres-user.ts";

/** Deletes what the stack keeps: database, stored files, signing key. The next start begins anew. */
export async function resetStack(options: Pick<CliOptions, "dataDir">): Promise<number> {
  const running = await runningStack(options.dataDir);
  if (running) {
    throw new StackError(
      "already_running",
      `A stack runs on ${options.dataDir} (process ${running.pid}): stop it first, with Ctrl-C in its terminal.`,
    );
  }
  const existed = existsSync(options.dataDir);
  await rm(options.dataDir, { recursive: true, force: true });
  await rm(outsideHome(options.dataDir), { recursive: true, force: true });
  console.log(
    existed
      ? "The local data is deleted: the next `npm start` begins with an empty project."
      : "There was no local data.",
  );
  return 0;
}
