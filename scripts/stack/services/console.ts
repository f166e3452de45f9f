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

/**
 * Builds the console where its sources have changed. Nothing waits for it, and it breaks nothing.
 * Answers where the build is, or will be in a second; undefined for a project without a console.
 */
export async function startConsoleBuild(options: ConsoleOptions): Promise<string | undefined> {
  const { root, cacheDir, stateDir, log } = options;
  if (!hasConsole(root)) return undefined;
  const folder = join(cacheDir, "console", await sourcesHash(root));
  if (existsSync(join(folder, "index.html"))) return folder;
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
  return folder;
}
