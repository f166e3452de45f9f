import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import type { Writable } from "node:stream";
import { StackError } from "./errors.ts";
import type { Reaper } from "./reaper.ts";

export interface ChildSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Record<string, string>;
  readonly cwd: string;
  readonly logFile: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Gives the child a pipe as standard input; otherwise it has none. */
  readonly stdin?: boolean;
  /** Receives each line of standard output, which goes to the log file as well. */
  readonly onLine?: (line: string) => void;
  readonly stopSignal?: NodeJS.Signals;
  readonly stopTimeoutMs?: number;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly stdin: Writable | null;
  /** Resolves with "exit code 1" or "signal SIGKILL" once the process has ended. */
  readonly ended: Promise<string>;
  isRunning(): boolean;
  /** Asks it to stop, then kills its whole process group. Safe to call twice. */
  stop(): Promise<void>;
}

export type SpawnChild = (spec: ChildSpec) => Promise<Child>;

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing of the group is left.
  }
}

function whenSpawned(child: ChildProcess, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("spawn", () => {
      if (child.pid !== undefined) resolve(child.pid);
    });
    child.once("error", (cause) => {
      reject(
        new StackError("service_failed", `${name} could not be started: ${cause.message}.`, {
          cause,
        }),
      );
    });
  });
}

/** Takes over the log's descriptor: it is closed when nothing more can be written to it. */
function forwardLines(child: ChildProcess, spec: ChildSpec, log: number): void {
  const { onLine } = spec;
  if (!child.stdout || !onLine) {
    closeSync(log);
    return;
  }
  createInterface({ input: child.stdout })
    .on("line", (line) => {
      writeSync(log, `${line}\n`);
      onLine(line);
    })
    .once("close", () => closeSync(log));
}

/**
 * A spawner whose children are known to the reaper. Each child is the leader of its own process group:
 * Ctrl-C reaches only the supervisor, which then stops the children in order, and a child's own
 * children go with it. Output goes straight to a file: no pipe can fill up or break.
 */
export function createSpawner(reaper: Reaper, isClosing: () => boolean = () => false): SpawnChild {
  return async (spec) => {
    if (isClosing())
      throw new StackError(
        "service_failed",
        `The ${spec.name} was not started: the stack is stopping.`,
      );
    mkdirSync(dirname(spec.logFile), { recursive: true });
    const log = openSync(spec.logFile, "a");
    const child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: spec.env,
      detached: true,
      stdio: [spec.stdin ? "pipe" : "ignore", spec.onLine ? "pipe" : log, log],
      ...(spec.uid === undefined ? {} : { uid: spec.uid }),
      ...(spec.gid === undefined ? {} : { gid: spec.gid }),
    });
    forwardLines(child, spec, log);
    const ended = new Promise<string>((resolve) => {
      child.once("exit", (code, signal) =>
        resolve(signal === null ? `exit code ${code}` : `signal ${signal}`),
      );
    });
    const pid = await whenSpawned(child, spec.name);
    reaper.watch(pid, spec.stopSignal ?? "SIGTERM");
    child.stdin?.on("error", () => {});
    // What the child itself started must not outlive it.
    const cleared = ended.then(() => {
      killGroup(pid);
      reaper.forget(pid);
    });
    const isRunning = () => child.exitCode === null && child.signalCode === null;
    return {
      name: spec.name,
      pid,
      logFile: spec.logFile,
      stdin: child.stdin,
      ended,
      isRunning,
      stop: async () => {
        if (isRunning()) {
          child.kill(spec.stopSignal ?? "SIGTERM");
          const timer = setTimeout(() => killGroup(pid), spec.stopTimeoutMs ?? 5_000);
          await ended;
          clearTimeout(timer);
        }
        await cleared;
      },
    };
  };
}

/** The last lines of a log, for an error sentence. */
export async function tailOf(logFile: string, lines = 15): Promise<string> {
  try {
    return (await readFile(logFile, "utf8")).trimEnd().split("\n").slice(-lines).join("\n");
  } catch {
    return "";
  }
}
