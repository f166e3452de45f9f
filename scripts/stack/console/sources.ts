import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";

const FOLDER = "admin-console";
/** What the console is made of besides its own folder. */
const ALSO = ["supabase/functions/_shared/generated/operations.ts", "package.json"];
const HASH_LENGTH = 16;

/** Whether a project has a console at all. */
export const hasConsole = (root: string) => existsSync(join(root, FOLDER, "index.html"));

/** Changes whenever a build would come out differently. */
export async function sourcesHash(root: string): Promise<string> {
  const entries = await readdir(join(root, FOLDER), { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".md"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  const hash = createHash("sha256");
  for (const path of [...paths.sort(), ...ALSO]) {
    // An editor may be about to replace a file: it is missing for a moment, and the next start sees it.
    hash.update(`${path}\n`).update(await readFile(join(root, path)).catch(() => ""));
  }
  return hash.digest("hex").slice(0, HASH_LENGTH);
}
