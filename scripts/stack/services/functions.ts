import { join } from "node:path";
import { StackError } from "../errors.ts";
import type { FunctionRoute } from "../gateway/config.ts";
import type { SpawnChild } from "../processes.ts";
import { type FunctionConfig, functionSecrets, loadProjectConfig } from "../project-config.ts";
import { watchFolder } from "../watch-folder.ts";
import { prepareDeno } from "./deno.ts";
import {
  createFunctionProcess,
  type FunctionContext,
  type FunctionProcess,
} from "./function-process.ts";

export interface FunctionsOptions {
  readonly root: string;
  readonly stateDir: string;
  readonly cacheDir: string;
  readonly spawn: SpawnChild;
  readonly log: (line: string) => void;
  /** What the platform and this stack decide, over everything that a file says. */
  readonly platformEnv: Readonly<Record<string, string>>;
  /** Start a function again when its files change. Otherwise one that does not start is an error. */
  readonly watch: boolean;
  /** Called with the present list whenever a function has moved to another port. */
  readonly onRoutes: (routes: readonly FunctionRoute[]) => void;
}

export interface Functions {
  routes(): FunctionRoute[];
  /** Process ids by name. */
  pids(): Record<string, number>;
  stop(): Promise<void>;
}

async function environmentOf(
  options: FunctionsOptions,
  config: FunctionConfig,
): Promise<Record<string, string>> {
  const secrets = await functionSecrets(options.root, await loadProjectConfig(options.root));
  return {
    ...secrets,
    ...config.env,
    ...options.platformEnv,
    SUPABASE_FUNCTION_SLUG: config.name,
  };
}

/** One Deno process for each function of the project, each on a port of its own. */
export async function startFunctions(options: FunctionsOptions): Promise<Functions> {
  const { functions } = await loadProjectConfig(options.root);
  const functionsDir = join(options.root, "supabase", "functions");
  const entrypoints = functions.map((config) => config.entrypoint);
  const processes = new Map<string, FunctionProcess>();
  const routes = () =>
    [...processes.values()].flatMap((process) => {
      const port = process.port();
      const { name, verifyJwt } = process.config;
      return port === undefined ? [] : [{ name, port, verifyJwt }];
    });
  const context: FunctionContext = {
    deno: await prepareDeno({ ...options, entrypoints }),
    functionsDir,
    stateDir: options.stateDir,
    spawn: options.spawn,
    log: options.log,
    environment: (config) => environmentOf(options, config),
    moved: () => options.onRoutes(routes()),
  };
  for (const config of functions) {
    processes.set(config.name, createFunctionProcess(config, context));
  }
  const stopAll = () => Promise.all([...processes.values()].map((process) => process.stop()));
  try {
    await Promise.all([...processes.values()].map((process) => firstStart(process, options)));
  } catch (error) {
    await stopAll();
    throw error;
  }
  const watcher = options.watch
    ? await watchFolder(functionsDir, (paths) => reload(paths, processes, context, options))
    : undefined;
  return {
    routes,
    pids: () =>
      Object.fromEntries(
        [...processes.values()].flatMap((process) => {
          const pid = process.pid();
          return pid === undefined ? [] : [[`function ${process.config.name}`, pid]];
        }),
      ),
    stop: async () => {
      await watcher?.close();
      await stopAll();
    },
  };
}

async function firstStart(process: FunctionProcess, options: FunctionsOptions): Promise<void> {
  if (await process.start()) return;
  const sentence = `Function ${process.config.name} does not start: ${await process.lastWords()}`;
  if (!options.watch) throw new StackError("service_failed", sentence);
  options.log(`${sentence}\nIt is tried again when its files change.`);
}

/** A change in one function's folder concerns that function; any other change concerns all of them. */
function touched(paths: readonly string[], names: readonly string[]): string[] {
  const folders = new Set(paths.map((path) => path.split(/[\\/]/)[0] ?? ""));
  const shared = [...folders].some((folder) => !names.includes(folder));
  return shared ? [...names] : names.filter((name) => folders.has(name));
}

async function reload(
  paths: readonly string[],
  processes: Map<string, FunctionProcess>,
  context: FunctionContext,
  options: FunctionsOptions,
): Promise<void> {
  try {
    const { functions } = await loadProjectConfig(options.root);
    await prepareDeno({ ...options, entrypoints: functions.map((config) => config.entrypoint) });
    for (const config of functions) {
      if (!processes.has(config.name)) {
        processes.set(config.name, createFunctionProcess(config, context));
      }
    }
    await removeGone(processes, functions, context);
    const names = touched(paths, [...processes.keys()]);
    await Promise.all(names.map((name) => reloadOne(name, processes, options)));
  } catch (error) {
    options.log(
      `The change was not taken over: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

async function removeGone(
  processes: Map<string, FunctionProcess>,
  functions: readonly FunctionConfig[],
  context: FunctionContext,
): Promise<void> {
  for (const [name, process] of processes) {
    if (functions.some((config) => config.name === name)) continue;
    processes.delete(name);
    context.moved();
    await process.stop();
    context.log(`Function ${name} is gone.`);
  }
}

async function reloadOne(
  name: string,
  processes: Map<string, FunctionProcess>,
  options: FunctionsOptions,
): Promise<void> {
  const process = processes.get(name);
  if (!process) return;
  const wasRunning = process.port() !== undefined;
  if (await process.start()) {
    options.log(`Function ${name} was started again with the change.`);
    return;
  }
  const served = wasRunning ? "the version before the change is still served" : "it is not served";
  options.log(`Function ${name} does not start (${await process.lastWords()}): ${served}.`);
}
