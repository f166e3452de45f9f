import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** Absolute path of the repository. */
export const root = fileURLToPath(new URL("../../../", import.meta.url));

const NOT_OURS = new Set([
  "node_modules",
  ".git",
  ".stack",
  ".temp",
  ".branches",
  "coverage",
  "dist",
]);
const LOCAL_ONLY = /(^|\/)\.env$|signing_keys\.json$|\.log$/;

function* walk(directory: string): Generator<string> {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (NOT_OURS.has(entry.name)) continue;
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.isFile()) yield relative(root, path).split(sep).join("/");
  }
}

/** Every file that belongs to the repository, as a path from its top. */
export const files: readonly string[] = [...walk(root)]
  .filter((path) => !LOCAL_ONLY.test(path))
  .sort();

/** The text of a repository file. */
export function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** Whether a file is written by `npm run generate`. */
export function isGenerated(path: string): boolean {
  return /(^|\/)generated\/|\.generated\.|schema\.snapshot\.sql$/.test(path);
}

/** Hand-written TypeScript below the given folders. */
export function sourceFiles(...folders: string[]): string[] {
  return files.filter(
    (path) =>
      /\.tsx?$/.test(path) &&
      !path.endsWith(".d.ts") &&
      !isGenerated(path) &&
      folders.some((folder) => path.startsWith(`${folder}/`)),
  );
}
