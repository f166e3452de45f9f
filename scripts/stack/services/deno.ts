import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { StackError } from "../errors.ts";
import { type SpawnChild, tailOf } from "../processes.ts";
import { firstInstalled } from "../versions.ts";

export interface Deno {
  readonly binary: string;
  /** Where packages and compiled modules are kept. */
  readonly cacheDir: string;
  /** Keeps a run to the versions of the lock file, where there is one. */
  readonly frozen: readonly string[];
}

const PACKAGES: Record<string, readonly string[]> = {
  linux: [`@deno/linux-${process.arch}-glibc`, `@deno/linux-${process.arch}`],
  darwin: [`@deno/darwin-${process.arch}`],
  win32: [`@deno/win32-${process.arch}`],
};

/** Takes the binary from the platform's package: the `deno` package itself needs its install script. */
async function denoBinary(): Promise<string> {
  const { folder } = await firstInstalled(PACKAGES[process.platform] ?? ["@deno/unknown"]);
  return join(folder, process.platform === "win32" ? "deno.exe" : "deno");
}

export interface DenoOptions {
  readonly root: string;
  readonly stateDir: string;
  readonly cacheDir: string;
  readonly entrypoints: readonly string[];
  readonly spawn: SpawnChild;
  readonly log: (line: string) => void;
}

/** Fills the cache; the error that it ended with, or undefined. */
async function fillCache(
  options: DenoOptions,
  deno: Deno,
  entrypoints: readonly string[],
): Promise<StackError | undefined> {
  const logFile = join(options.stateDir, "logs", "deno-cache.log");
  await rm(logFile, { force: true });
  const child = await options.spawn({
    name: "deno cache",
    command: deno.binary,
    args: ["cache", "--quiet", ...deno.frozen, ...entrypoints],
    cwd: join(options.root, "supabase", "functions"),
    // Proxies, certificates and the registry are the user's own settings.
    env: { ...definedEnv(), DENO_DIR: deno.cacheDir, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
    logFile,
  });
  const outcome = await child.ended;
  await child.stop();
  return outcome === "exit code 0" ? undefined : cacheError(await tailOf(logFile, 12));
}

/**
 * Brings everything that the functions import into the cache, so that a function's start needs no
 * network. With a warm cache this takes some ten milliseconds and needs none either. What one broken
 * function lacks does not stop the others: its own start will say what is wrong.
 */
export async function prepareDeno(options: DenoOptions): Promise<Deno> {
  const lockFile = join(options.root, "supabase", "functions", "deno.lock");
  const deno = {
    binary: await denoBinary(),
    cacheDir: join(options.cacheDir, "deno"),
    frozen: existsSync(lockFile) ? ["--frozen"] : [],
  };
  if (options.entrypoints.length === 0) return deno;
  if (!existsSync(deno.cacheDir)) {
    options.log("Fetching the functions' packages (first start only) …");
  }
  const failure = await fillCache(options, deno, options.entrypoints);
  if (failure?.code === "no_network") throw failure;
  if (failure) {
    for (const entrypoint of options.entrypoints) await fillCache(options, deno, [entrypoint]);
  }
  return deno;
}

function cacheError(output: string): StackError {
  if (/dns error|error sending request|connection|network|timed out/i.test(output)) {
    return new StackError(
      "no_network",
      `The functions' npm packages could not be fetched: the first start needs the network to reach the npm registry.\n${output}`,
    );
  }
  return new StackError("service_failed", `Deno could not load the functions:\n${output}`);
}

function definedEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}
