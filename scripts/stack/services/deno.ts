import { existsSync } from "node:fs";
import { join } from "node:path";
import { StackError } from "../errors.ts";
import { type SpawnChild, tailOf } from "../processes.ts";
import { firstInstalled } from "../versions.ts";

export interface Deno {
  readonly binary: string;
  /** Where packages and compiled modules are kept. */
  readonly cacheDir: string;
  /** Flags that keep a run to what is in the cache and in the lock file. */
  readonly pinned: readonly string[];
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

/**
 * Brings everything that the functions import into the cache, so that a function's start needs no
 * network. With a warm cache this takes some ten milliseconds and needs none either.
 */
export async function prepareDeno(options: DenoOptions): Promise<Deno> {
  const functionsDir = join(options.root, "supabase", "functions");
  const frozen = existsSync(join(functionsDir, "deno.lock")) ? ["--frozen"] : [];
  const deno = {
    binary: await denoBinary(),
    cacheDir: join(options.cacheDir, "deno"),
    pinned: ["--cached-only", ...frozen],
  };
  if (options.entrypoints.length === 0) return deno;
  if (!existsSync(deno.cacheDir)) {
    options.log("Fetching the functions' packages (first start only) …");
  }
  const logFile = join(options.stateDir, "logs", "deno-cache.log");
  const child = await options.spawn({
    name: "deno cache",
    command: deno.binary,
    args: ["cache", "--quiet", ...frozen, ...options.entrypoints],
    cwd: functionsDir,
    // Proxies, certificates and the registry are the user's own settings.
    env: { ...definedEnv(), DENO_DIR: deno.cacheDir, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
    logFile,
  });
  const outcome = await child.ended;
  await child.stop();
  if (outcome === "exit code 0") return deno;
  throw cacheError(await tailOf(logFile, 8));
}

function cacheError(output: string): StackError {
  if (/lockfile is out of date/i.test(output)) {
    return new StackError(
      "config_invalid",
      "supabase/functions/deno.lock does not fit the functions' imports: run `deno cache` on their index.ts and commit the lock file.",
    );
  }
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
