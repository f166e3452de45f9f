import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { checkoutRoot } from "../stack/paths.ts";
import { freePort } from "../stack/ports.ts";

/** A handler that runs in Deno until it is stopped. */
export interface DenoProcess {
  readonly url: string;
  readonly pid: number;
  /** From the spawn to the first answer. */
  readonly startMs: number;
  stop(): Promise<void>;
}

export interface DenoOptions {
  readonly config: string;
  readonly entry: string;
  readonly env: Readonly<Record<string, string>>;
  /** Path of the first request. */
  readonly path: string;
}

const START_TIMEOUT_MS = 60_000;

async function firstAnswer(url: string): Promise<void> {
  const until = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < until) {
    try {
      await (await fetch(url)).arrayBuffer();
      return;
    } catch {
      // Not listening yet: this loop is the measurement.
    }
  }
  throw new Error(`${url} did not answer within ${START_TIMEOUT_MS} ms.`);
}

/** Starts `deno serve` and waits for its first answer. */
export async function startDeno(options: DenoOptions): Promise<DenoProcess> {
  const root = checkoutRoot();
  const port = await freePort();
  const started = performance.now();
  const child = spawn(
    "deno",
    [
      "serve",
      "-A",
      "--quiet",
      "--config",
      options.config,
      `--port=${port}`,
      "--host=127.0.0.1",
      options.entry,
    ],
    {
      cwd: root,
      env: { ...process.env, ...options.env, DENO_DIR: join(root, ".stack", "cache", "deno") },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  const exited = once(child, "exit");
  const url = `http://127.0.0.1:${port}`;
  await firstAnswer(url + options.path);
  return {
    url,
    pid: child.pid ?? 0,
    startMs: performance.now() - started,
    stop: async () => {
      // It keeps nothing, and a polite end would wait for idle connections.
      child.kill("SIGKILL");
      await exited;
    },
  };
}
