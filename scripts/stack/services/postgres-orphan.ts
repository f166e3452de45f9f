import { spawnSync } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { isAlive } from "../is-alive.ts";
import { poll } from "../poll.ts";

const STOP_TIMEOUT_MS = 20_000;

function commandLine(pid: number): string {
  return spawnSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" }).stdout ?? "";
}

/**
 * Clears the way to a data folder whose last supervisor and reaper were both killed: their Postgres
 * may still run on it, or its process id may belong to something else by now, which makes Postgres
 * refuse to start. The caller holds the lock of the folder, so no other stack is meant.
 */
export async function endOrphan(clusterDir: string): Promise<void> {
  const pidFile = join(clusterDir, "postmaster.pid");
  const text = await readFile(pidFile, "utf8").catch(() => "");
  const pid = Number(text.split("\n")[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !isAlive(pid)) return;
  if (!commandLine(pid).includes(clusterDir)) {
    await rm(pidFile, { force: true });
    return;
  }
  process.kill(pid, "SIGINT");
  await poll(async () => !isAlive(pid), { timeoutMs: STOP_TIMEOUT_MS, intervalMs: 50 });
}
