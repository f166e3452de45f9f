import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hasConsole, sourcesHash } from "../console/sources.ts";
import { type SpawnChild, tailOf } from "../processes.ts";
import { serviceEnv } from "./json-lines.ts";

export interface ConsoleOptions {
  readonly root: string;
  readonly stateDir: string;
  readonly cacheDir: string;
  readonly spawn: SpawnChild;
  readonly log: (line: string) => void;
}

/** Where the build of the present sources is, or will be in a second; undefined without a console. */
export async function consoleFolder(root: string, cacheDir: string): Promise<string | undefined> {
  if (!hasConsole(root)) return undefined;
  return join(cacheDir, "console", await sourcesHash(root));
}

/** Builds the console where its sources have changed. Nothing waits for it, and it breaks nothing. */
export async function startConsoleBuild(options: ConsoleOptions): Promise<void> {
  const { root, cacheDir, stateDir, log } = options;
  const folder = await consoleFolder(root, cacheDir);
  if (folder === undefined || existsSync(join(folder, "index.html"))) return;
  const child = await options.spawn({
    name: "build of the console",
    command: process.execPath,
    args: [fileURLToPath(new URL("../console/main.ts", import.meta.url)), root, folder],
    cwd: root,
    env: serviceEnv(cacheDir),
    logFile: join(stateDir, "logs", "console.log"),
  });
  void child.ended.then(async (outcome) => {
    if (outcome === "exit code 0" || outcome.startsWith("signal")) return;
    log(`The console was not built: ${outcome}.\n${await tailOf(child.logFile, 10)}`);
  });
}
