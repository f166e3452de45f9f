import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import type { Writable } from "node:stream";
import { messageOf, StackError } from "./errors.ts";
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

/** Each child leads its own process group: Ctrl-C in the terminal reaches only the supervisor. */
function launch(spec: ChildSpec): ChildProcess {
  mkdirSync(dirname(spec.logFile), { recursive: true });
  // Output goes straight to the file: no pipe can fill up or break.
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
  child.stdin?.on("error", () => {});
  return child;
}

function describeChild(child: ChildProcess, pid: number, spec: ChildSpec): Child {
  const ended = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) =>
      resolve(signal === null ? `exit code ${code}` : `signal ${signal}`),
    );
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
      if (!isRunning()) return;
      child.kill(spec.stopSignal ?? "SIGTERM");
      const timer = setTimeout(() => killGroup(pid), spec.stopTimeoutMs ?? 5_000);
      await ended;
      clearTimeout(timer);
    },
  };
}

export interface Spawner {
  readonly spawn: SpawnChild;
  /** Stops every child that still runs, also one that is only starting, and starts no more. */
  stopAll(): Promise<void>;
}

/** A spawner whose children the reaper knows from the moment they exist. */
export function createSpawner(reaper: Reaper): Spawner {
  const running = new Set<Child>();
  let closing = false;
  const start = async (spec: ChildSpec): Promise<Child> => {
    if (closing) {
      throw new StackError("service_failed", `The ${spec.name} is not started any more.`);
    }
    const launched = launch(spec);
    const { pid } = launched;
    if (pid === undefined) {
      const [cause] = await once(launched, "error");
      throw new StackError(
        "service_failed",
        `The ${spec.name} could not be started: ${messageOf(cause)}.`,
      );
    }
    reaper.watch(pid, spec.stopSignal ?? "SIGTERM");
    const child = describeChild(launched, pid, spec);
    running.add(child);
    void child.ended.then(() => {
      // What the child itself started must not outlive it.
      killGroup(pid);
      reaper.forget(pid);
      running.delete(child);
    });
    return child;
  };
  return {
    spawn: start,
    stopAll: async () => {
      closing = true;
      await Promise.all([...running].map((child) => child.stop()));
    },
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
