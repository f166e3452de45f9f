import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { StackError, systemErrorCode } from "./errors.ts";
import { isAlive } from "./is-alive.ts";
import { poll } from "./poll.ts";

const REAPER_TIMEOUT_MS = 40_000;

const lockFile = z.object({
  pid: z.int().positive(),
  reaperPid: z.int().positive().optional(),
  startedAt: z.string(),
  /** Addresses for `status`; there once the stack is ready. */
  urls: z.record(z.string(), z.string()).default({}),
});

export type Lock = z.output<typeof lockFile>;

export function lockPath(stateDir: string): string {
  return join(stateDir, "supervisor.json");
}

/** The lock of a stack that runs on this folder, or undefined. */
export async function readLock(stateDir: string): Promise<Lock | undefined> {
  try {
    return lockFile.parse(JSON.parse(await readFile(lockPath(stateDir), "utf8")));
  } catch {
    return undefined;
  }
}

export async function runningStack(stateDir: string): Promise<Lock | undefined> {
  const lock = await readLock(stateDir);
  return lock && isAlive(lock.pid) ? lock : undefined;
}

/** A killed supervisor's reaper may still be stopping Postgres on this very folder. */
async function waitForReaper(stateDir: string): Promise<void> {
  const lock = await readLock(stateDir);
  const reaperPid = lock?.reaperPid;
  if (reaperPid === undefined) return;
  await poll(async () => !isAlive(reaperPid), { timeoutMs: REAPER_TIMEOUT_MS, intervalMs: 50 });
}

/** Takes the folder for this process; one stack per folder. */
export async function takeLock(stateDir: string, reaperPid: number | undefined): Promise<void> {
  const running = await runningStack(stateDir);
  if (running) {
    throw new StackError(
      "already_running",
      `A stack already runs on ${stateDir} (process ${running.pid}): \`npm run stack:status\` shows it, Ctrl-C in its terminal ends it.`,
    );
  }
  await waitForReaper(stateDir);
  await rm(lockPath(stateDir), { force: true });
  await writeLock(stateDir, { reaperPid, urls: {} }, "wx");
}

export async function writeLock(
  stateDir: string,
  content: { reaperPid: number | undefined; urls: Record<string, string> },
  flag: "wx" | "w" = "w",
): Promise<void> {
  const lock = { pid: process.pid, startedAt: new Date().toISOString(), ...content };
  try {
    await writeFile(lockPath(stateDir), JSON.stringify(lock), { flag, mode: 0o600 });
  } catch (error) {
    if (systemErrorCode(error) !== "EEXIST") throw error;
    throw new StackError(
      "already_running",
      `Another start on ${stateDir} was a moment earlier: use that one.`,
    );
  }
}
