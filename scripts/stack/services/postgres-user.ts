import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chownSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { StackError } from "../errors.ts";

/** How Postgres is run: it refuses to be root, so a root shell has to give it another user id. */
export type PostgresUserMode = "self" | "namespace" | "nobody";

export interface PostgresUser {
  readonly mode: PostgresUserMode;
  /** What to spawn so that `command` runs as that user. */
  wrap(command: string, args: readonly string[]): PostgresCommand;
}

interface PostgresCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

// In a namespace of its own the server sees itself as user 1000, while the kernel still checks file
// access as root: it reaches a folder that only root can enter, and the files stay root's.
const NAMESPACE_ARGS = ["--user", "--map-user=1000", "--map-group=1000", "--"];

function namespacesWork(): boolean {
  return spawnSync("unshare", [...NAMESPACE_ARGS, "true"], { stdio: "ignore" }).status === 0;
}

function nobodyIds(): { uid: number; gid: number } {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith("nobody:"));
  const [, , uid, gid] = (line ?? "").split(":").map(Number);
  if (!uid || !gid) {
    throw new StackError(
      "unsupported_platform",
      "Postgres must not run as root, this machine forbids user namespaces and has no user `nobody`: start the stack as a normal user.",
    );
  }
  return { uid, gid };
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Picks the way for this machine, or checks the one that was asked for. */
export function choosePostgresUser(wanted: PostgresUserMode | "auto" = "auto"): PostgresUser {
  const automatic = () => (namespacesWork() ? "namespace" : "nobody");
  const mode = wanted !== "auto" ? wanted : isRoot() ? automatic() : "self";
  if (mode === "self") return { mode, wrap: (command, args) => ({ command, args }) };
  if (mode === "namespace") {
    return {
      mode,
      wrap: (command, args) => ({
        command: "unshare",
        args: [...NAMESPACE_ARGS, command, ...args],
      }),
    };
  }
  const ids = nobodyIds();
  return { mode, wrap: (command, args) => ({ command, args, ...ids }) };
}

function othersCanReach(path: string): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false;
    if (dirname(folder) === folder) return true;
  }
}

export interface PostgresFolders {
  /** Where the data folder `cluster` lives. */
  readonly home: string;
  /** Where the staged binaries live. */
  readonly cacheDir: string;
  /** True when `home` lies outside the state folder and has to be removed with it. */
  readonly outside: boolean;
}

/** Where the data lies when `nobody` cannot reach the state folder; named after that folder. */
export function outsideHome(stateDir: string): string {
  const id = createHash("sha256").update(stateDir).digest("hex").slice(0, 12);
  return `/var/lib/nff-supabase-${id}`;
}

/**
 * The folders that Postgres' user can reach: the given ones, except for `nobody` below a folder that
 * only root can enter. Then they lie in /var/lib, so that the data still survives a restart.
 */
export function postgresFolders(
  user: PostgresUser,
  stateDir: string,
  cacheDir: string,
): PostgresFolders {
  const inside = join(stateDir, "postgres");
  if (user.mode !== "nobody") {
    mkdirSync(inside, { recursive: true, mode: 0o700 });
    return { home: inside, cacheDir, outside: false };
  }
  const reachable = othersCanReach(stateDir) && othersCanReach(cacheDir);
  const home = reachable ? inside : outsideHome(stateDir);
  mkdirSync(home, { recursive: true });
  const { uid, gid } = nobodyIds();
  chownSync(home, uid, gid);
  return { home, cacheDir: reachable ? cacheDir : join(home, "binaries"), outside: !reachable };
}
