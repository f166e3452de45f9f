import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { poll } from "../../../scripts/stack/poll.ts";
import { leftovers, processesBelow } from "./processes.ts";
import { cacheDir, checkout, type Project } from "./project.ts";

const START_TIMEOUT_MS = 45_000;

export interface CliRun extends AsyncDisposable {
  readonly pid: number;
  /** Everything printed so far, on both outputs. */
  output(): string;
  /** Waits until the text has been printed; fails with all output when it never is. */
  printed(text: string | RegExp): Promise<void>;
  /** The exit code, or the signal that ended it. */
  readonly exit: Promise<number | string>;
  kill(signal: NodeJS.Signals): void;
  /** Address after the label on the sheet of a ready stack. */
  address(label: string): string;
  /** What of this run is still there after it should have ended: processes, ports, temporary files. */
  remains(): Promise<string[]>;
}

interface CliSetup {
  readonly args: readonly string[];
  /** Put before `node`, to run it as another user or in a namespace. */
  readonly prefix?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `scripts/stack.ts` as a person would, with a temporary folder of its own. */
export async function runCli(setup: CliSetup): Promise<CliRun> {
  const temporary = await mkdtemp(join(tmpdir(), "nff-cli-"));
  const [command = "", ...args] = [
    ...(setup.prefix ?? []),
    process.execPath,
    join(checkout, "scripts", "stack.ts"),
    ...setup.args,
  ];
  const child = spawn(command, args, {
    cwd: checkout,
    env: { ...process.env, ...setup.env, TMPDIR: temporary },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const exit = new Promise<number | string>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
  const pid = child.pid ?? 0;
  let seen = processesBelow(pid);
  const address = (label: string) => new RegExp(`${label} +(\\S+)`).exec(output)?.[1] ?? "";
  const remember = () => {
    seen = [...seen, ...processesBelow(pid)];
  };
  return {
    pid,
    exit,
    address,
    output: () => output,
    printed: async (text) => {
      const found = () => (typeof text === "string" ? output.includes(text) : text.test(output));
      const shown = await poll(async () => found(), { timeoutMs: START_TIMEOUT_MS, abandon: exit });
      if (!shown && !found()) throw new Error(`never printed: ${text}\n${output}`);
    },
    kill: (signal) => {
      remember();
      child.kill(signal);
    },
    remains: async () => {
      const ports = ["API", "Mail", "Mock KYC", "Database"].flatMap((label) => {
        const found = address(label);
        return found === "" ? [] : [Number(new URL(found).port)];
      });
      const files = await readdir(temporary);
      return [...(await leftovers(seen, ports)), ...files];
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await exit;
      await rm(temporary, { recursive: true, force: true });
    },
  };
}

const NAMESPACE = ["unshare", "--user", "--map-user=1000", "--map-group=1000"];

/** Whether this machine lets a process have a user namespace; some containers do not. */
export const hasNamespaces =
  spawnSync("unshare", ["--user", "--mount", "--map-root-user", "true"]).status === 0;

/**
 * What runs a command as a user that is not root: seen from inside, a namespace's user is one and has
 * none of root's rights. Where there are no namespaces, `nobody` has to be able to read the checkout.
 */
export const asNormalUser =
  process.getuid?.() !== 0
    ? []
    : hasNamespaces
      ? NAMESPACE
      : ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"];

/** `stack.ts start` on a small project, with free ports, up to its ready sheet. */
export async function startCli(project: Project, ...args: readonly string[]): Promise<CliRun> {
  const run = await runCli({ args: startArgs(project, ...args) });
  await run.printed(/Ready after [\s\S]*Ctrl-C/);
  return run;
}

export function startArgs(project: Project, ...args: readonly string[]): string[] {
  return [
    "start",
    `--root=${project.root}`,
    `--data-dir=${project.dataDir}`,
    `--cache-dir=${cacheDir}`,
    "--free-ports",
    ...args,
  ];
}
