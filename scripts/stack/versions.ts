import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { z } from "zod";
import { StackError } from "./errors.ts";

/** What data folders are made for; the server binaries are of the same major version. */
export const POSTGRES_MAJOR = "17";
const NODE_MAJOR = 24;

const require = createRequire(import.meta.url);
const manifest = z.object({ version: z.string() });

export interface InstalledPackage {
  readonly folder: string;
  readonly version: string;
}

/** Where npm put a package. The version is pinned in package.json, the one place for versions. */
export async function installedPackage(name: string): Promise<InstalledPackage> {
  for (const base of require.resolve.paths(name) ?? []) {
    const folder = join(base, name);
    const text = await readFile(join(folder, "package.json"), "utf8").catch(() => undefined);
    if (text !== undefined) return { folder, version: manifest.parse(JSON.parse(text)).version };
  }
  throw new StackError(
    "missing_package",
    `The npm package ${name} is not installed for ${process.platform} ${process.arch}: run \`npm ci\` on this machine.`,
  );
}

/** The first of several packages that is installed: the names differ by platform. */
export async function firstInstalled(names: readonly string[]): Promise<InstalledPackage> {
  const [name = "", ...rest] = names;
  try {
    return await installedPackage(name);
  } catch (error) {
    if (rest.length === 0) throw error;
    return firstInstalled(rest);
  }
}

/** Refuses what the stack cannot run on, before anything is started. */
export function requireRuntime(
  version = process.versions.node,
  platform: string = process.platform,
): void {
  if (Number(version.split(".")[0]) < NODE_MAJOR) {
    throw new StackError(
      "wrong_node",
      `This is Node ${version} and the stack needs Node ${NODE_MAJOR}: start it with \`npm start\`, which brings its own.`,
    );
  }
  if (platform === "win32") {
    throw new StackError(
      "unsupported_platform",
      "The local stack runs on Linux and macOS: on Windows, run it inside WSL.",
    );
  }
}
