import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { poll } from "../poll.ts";
import { freePort, returnPort } from "../ports.ts";
import { type Child, type SpawnChild, tailOf } from "../processes.ts";
import type { FunctionConfig } from "../project-config.ts";
import type { Deno } from "./deno.ts";

const START_TIMEOUT_MS = 30_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A process that lived this long did not fail at its start: the pauses begin anew. */
const SETTLED_MS = 30_000;
/** How long a replaced process may finish the requests it has. */
const DRAIN_MS = 3_000;

export interface FunctionContext {
  readonly deno: Deno;
  readonly functionsDir: string;
  readonly stateDir: string;
  readonly spawn: SpawnChild;
  readonly log: (line: string) => void;
  /** The environment for a function, read anew at each start. */
  environment(config: FunctionConfig): Promise<Record<string, string>>;
  /** Called when a function answers on another port than before. */
  moved(): void;
}

interface Running {
  readonly child: Child;
  readonly port: number;
}

export interface FunctionProcess {
  readonly config: FunctionConfig;
  port(): number | undefined;
  pid(): number | undefined;
  /** The line of its log that says why it does not start. */
  lastWords(): Promise<string>;
  /** Starts it, or replaces the running process by a fresh one. False when it did not come up. */
  start(): Promise<boolean>;
  stop(): Promise<void>;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/**
 * Two megabytes for what lives briefly, in place of up to sixteen: under load V8 would let a process grow by
 * half, and not give it back. The figures are in docs/benchmarks.md.
 */
const YOUNG_HEAP = "--v8-flags=--max-semi-space-size=2";

/** `export default { fetch }` needs `deno serve`, a call of `Deno.serve` needs `deno run`. */
async function hasDefaultExport(entrypoint: string): Promise<boolean> {
  return /^\s*export\s+(default\b|\{[^}]*\bas\s+default\b)/m.test(
    await readFile(entrypoint, "utf8"),
  );
}

/**
 * Network and environment are what a function is made of, and the environment holds only what the
 * platform gives. Of the disk it may read its own sources; writing, running programs and native
 * libraries stay closed, as on the platform.
 */
async function denoArgs(deno: Deno, entrypoint: string, port: number): Promise<string[]> {
  const serves = await hasDefaultExport(entrypoint);
  return [
    serves ? "serve" : "run",
    "--quiet",
    "--no-prompt",
    "--cached-only",
    YOUNG_HEAP,
    ...deno.frozen,
    "--allow-net",
    "--allow-env",
    // The working folder, all functions' sources: Deno takes a comma in a path for a separator.
    "--allow-read=.",
    ...(serves ? ["--host=127.0.0.1", `--port=${port}`] : []),
    entrypoint,
  ];
}

class Process implements FunctionProcess {
  readonly config: FunctionConfig;
  readonly #context: FunctionContext;
  readonly #replaced = new Set<Child>();
  #running: Running | undefined;
  #stopped = false;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(config: FunctionConfig, context: FunctionContext) {
    this.config = config;
    this.#context = context;
  }

  port(): number | undefined {
    return this.#running?.port;
  }

  pid(): number | undefined {
    return this.#running?.child.pid;
  }

  async start(): Promise<boolean> {
    const next = await this.#spawn();
    if (next === undefined) return false;
    if (this.#stopped) {
      await next.child.stop();
      return false;
    }
    const former = this.#running;
    this.#running = next;
    this.#context.moved();
    this.#restartWhenItEnds(next);
    if (former?.child.isRunning()) this.#drain(former.child);
    return true;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const children = [...this.#replaced, ...(this.#running ? [this.#running.child] : [])];
    await Promise.all(children.map((child) => child.stop()));
  }

  #logFile(): string {
    return join(this.#context.stateDir, "logs", `function-${this.config.name}.log`);
  }

  async #spawn(): Promise<Running | undefined> {
    const port = await freePort();
    const child = await this.#context.spawn({
      name: `function ${this.config.name}`,
      command: this.#context.deno.binary,
      args: await denoArgs(this.#context.deno, this.config.entrypoint, port),
      cwd: this.#context.functionsDir,
      env: {
        ...(await this.#context.environment(this.config)),
        DENO_DIR: this.#context.deno.cacheDir,
        DENO_NO_UPDATE_CHECK: "1",
        NO_COLOR: "1",
        DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
      },
      logFile: this.#logFile(),
      stopTimeoutMs: 2_000,
    });
    void child.ended.then(() => returnPort(port));
    const up = await poll(() => isListening(port), {
      timeoutMs: START_TIMEOUT_MS,
      intervalMs: 15,
      abandon: child.ended,
    });
    if (up) return { child, port };
    await child.stop();
    return undefined;
  }

  #drain(child: Child): void {
    this.#replaced.add(child);
    void delay(DRAIN_MS, undefined, { ref: false }).then(async () => {
      await child.stop();
      this.#replaced.delete(child);
    });
  }

  #restartWhenItEnds(running: Running): void {
    const startedAt = performance.now();
    void running.child.ended.then(async (outcome) => {
      // A replaced process has been asked to end.
      if (this.#stopped || this.#running !== running) return;
      if (performance.now() - startedAt > SETTLED_MS) this.#pauseMs = FIRST_PAUSE_MS;
      this.#context.log(`Function ${this.config.name} ended with ${outcome}: starting it again.`);
      await this.#restart(running);
    });
  }

  async #restart(ended: Running): Promise<void> {
    while (!this.#stopped && this.#running === ended) {
      await delay(this.#pauseMs, undefined, { ref: false });
      this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
      // A change on disk may have started it meanwhile.
      if (this.#stopped || this.#running !== ended) return;
      if (await this.start()) return;
      this.#context.log(
        `Function ${this.config.name} does not start, next try in ${this.#pauseMs / 1000} s: ${await this.lastWords()}`,
      );
    }
  }

  async lastWords(): Promise<string> {
    const lines = (await tailOf(this.#logFile())).split("\n");
    return lines.findLast((line) => /^error:|^error |Error: /.test(line)) ?? lines.at(-1) ?? "";
  }
}

export function createFunctionProcess(
  config: FunctionConfig,
  context: FunctionContext,
): FunctionProcess {
  return new Process(config, context);
}
