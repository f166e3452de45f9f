import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface Reaper {
  readonly pid: number | undefined;
  watch(pid: number, signal: NodeJS.Signals): void;
  forget(pid: number): void;
  /** Removes the path when the stack has ended, in whatever way. */
  removeAtEnd(path: string): void;
  /** Lets the reaper do what is left to do and waits for it. */
  finish(): Promise<void>;
}

/**
 * Starts the process that cleans up after this one, also when this one is killed with SIGKILL.
 * It has its own session, so that Ctrl-C in the terminal does not reach it.
 */
export function startReaper(): Reaper {
  const child = spawn("/bin/sh", [fileURLToPath(new URL("./reaper.sh", import.meta.url))], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
  });
  // Neither the process nor its pipe may keep a finished test run alive.
  child.unref();
  child.stdin.on("error", () => {});
  return reaperFor(child);
}

function reaperFor(child: ChildProcess): Reaper {
  const write = (line: string) => child.stdin?.write(`${line}\n`);
  return {
    pid: child.pid,
    watch: (pid, signal) => write(`add ${pid} ${signal.replace(/^SIG/, "")}`),
    forget: (pid) => write(`del ${pid}`),
    removeAtEnd: (path) => write(`rm ${path}`),
    finish: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.ref();
      child.stdin?.end();
      await exited;
    },
  };
}
