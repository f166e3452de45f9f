import { type FSWatcher, watch } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";

/** Editors write a file in several steps; one burst of events is one change. */
const SETTLE_MS = 120;

// The lock file is written by Deno itself, and editors leave swap files.
const IGNORED = /(^|[\\/])(\.[^\\/]*\.sw.|.*~|deno\.lock)$/;

export interface Watcher {
  close(): Promise<void>;
}

/** The folder and all below it, with their inodes: a folder made anew needs a new watch. */
async function foldersBelow(folder: string): Promise<Map<string, number>> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const below = entries.filter((entry) => entry.isDirectory());
  const paths = [folder, ...below.map((entry) => join(entry.parentPath, entry.name))];
  const inodes = paths.map(async (path) => [path, (await stat(path)).ino] as const);
  return new Map(await Promise.all(inodes));
}

/**
 * Calls back with the changed paths, relative to the folder, one call at a time. Changes that come
 * during a call are reported together afterwards.
 *
 * Each folder has its own watch: Node's recursive one loses a file that an editor replaced.
 */
export async function watchFolder(
  folder: string,
  changed: (paths: readonly string[]) => Promise<void>,
): Promise<Watcher> {
  const watches = new Map<string, { watcher: FSWatcher; inode: number }>();
  const pending = new Set<string>();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let busy = Promise.resolve();

  const flush = () => {
    const paths = [...pending];
    pending.clear();
    busy = busy.then(async () => {
      await watchNewFolders();
      if (!closed && paths.length > 0) await changed(paths);
    });
  };
  const report = (path: string) => {
    if (IGNORED.test(path)) return;
    pending.add(relative(folder, path));
    clearTimeout(timer);
    timer = setTimeout(flush, SETTLE_MS);
  };
  const watchNewFolders = async () => {
    // A folder that vanishes during the look makes it fail; its removal is an event of its own.
    const folders = await foldersBelow(folder).catch(() => undefined);
    if (folders === undefined) return;
    for (const [path, { watcher, inode }] of watches) {
      if (folders.get(path) === inode) continue;
      watcher.close();
      watches.delete(path);
    }
    for (const [path, inode] of folders) {
      if (closed || watches.has(path)) continue;
      const watcher = watch(path, (_event, name) =>
        report(name === null ? path : join(path, name)),
      );
      // The folder was removed meanwhile: its parent reports that.
      watcher.on("error", () => {});
      watches.set(path, { watcher, inode });
    }
  };
  await watchNewFolders();
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      for (const { watcher } of watches.values()) watcher.close();
      await busy;
    },
  };
}
