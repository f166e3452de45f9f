import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chown, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StackError } from "../errors.ts";
import { poll } from "../poll.ts";
import { portOwner } from "../port-owner.ts";
import { type Child, type SpawnChild, tailOf } from "../processes.ts";
import { POSTGRES_MAJOR } from "../versions.ts";
import { type PostgresBinaries, stagePostgres } from "./postgres-binaries.ts";
import { endOrphan } from "./postgres-orphan.ts";
import {
  choosePostgresUser,
  type PostgresUser,
  type PostgresUserMode,
  postgresFolders,
} from "./postgres-user.ts";

const START_TIMEOUT_MS = 60_000;

export interface PostgresOptions {
  readonly stateDir: string;
  readonly cacheDir: string;
  readonly port: number;
  /** False for throw-away test stacks: no fsync, so a power cut may ruin the data. */
  readonly durable: boolean;
  readonly spawn: SpawnChild;
  readonly user?: PostgresUserMode | "auto";
}

export interface Postgres {
  readonly child: Child;
  /** As `supabase_admin`, the superuser: for bootstrap, Auth, the data API and Storage only. */
  readonly adminUrl: string;
  /** As `postgres`, the plain role that migrations and functions use. */
  readonly url: string;
  /** A folder outside the state folder that a reset or a throw-away stack has to remove. */
  readonly outsideFolder: string | undefined;
}

interface Server {
  readonly options: PostgresOptions;
  readonly binaries: PostgresBinaries;
  readonly user: PostgresUser;
  readonly home: string;
  readonly logFile: string;
}

const cluster = (home: string) => join(home, "cluster");
const passwordFile = (home: string) => join(home, "superuser-password");

// `C.UTF-8` of the builtin provider: the same order on every machine, whatever locales it has.
const INITDB_ARGS = [
  "--username=supabase_admin",
  "--auth=scram-sha-256",
  "--encoding=UTF8",
  "--locale-provider=builtin",
  "--locale=C.UTF-8",
  "--no-sync",
  "--no-instructions",
];

function serverSettings(options: PostgresOptions): string[] {
  const settings = {
    listen_addresses: "127.0.0.1",
    port: options.port,
    // A socket path is limited to 107 bytes and nothing needs one.
    unix_socket_directories: "",
    // Eight pools of ten, the data API's pool and a few dozen tests beside them.
    max_connections: 200,
    shared_buffers: "64MB",
    max_wal_size: "512MB",
    min_wal_size: "32MB",
    wal_level: "logical",
    jit: "off",
    timezone: "UTC",
    log_timezone: "UTC",
    log_line_prefix: "%m [%p] %q%u ",
    shared_preload_libraries: "pg_stat_statements",
    fsync: options.durable ? "on" : "off",
    synchronous_commit: options.durable ? "on" : "off",
    full_page_writes: options.durable ? "on" : "off",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

async function spawnAs(server: Server, command: string, args: readonly string[]): Promise<Child> {
  const wrapped = server.user.wrap(command, args);
  return server.options.spawn({
    name: "postgres",
    ...wrapped,
    env: { PATH: process.env.PATH ?? "", LC_ALL: "C", TZ: "UTC" },
    cwd: "/",
    logFile: server.logFile,
    // "Fast": roll back open transactions and write a clean checkpoint, do not wait for clients.
    stopSignal: "SIGINT",
    stopTimeoutMs: 20_000,
  });
}

async function giveTo(server: Server, path: string): Promise<void> {
  const { uid, gid } = server.user.wrap("", []);
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}

/** Makes the data folder under another name first: an interrupted first start leaves nothing half-made. */
async function initialise(server: Server): Promise<void> {
  const fresh = join(server.home, "cluster.new");
  await rm(fresh, { recursive: true, force: true });
  const password = passwordFile(server.home);
  await writeFile(password, randomBytes(24).toString("base64url"), { mode: 0o600 });
  await giveTo(server, password);
  const child = await spawnAs(server, server.binaries.initdb, [
    ...INITDB_ARGS,
    `--pgdata=${fresh}`,
    `--pwfile=${password}`,
  ]);
  const outcome = await child.ended;
  await child.stop();
  if (outcome !== "exit code 0") throw await startError(server, `initdb ended with ${outcome}`);
  await rename(fresh, cluster(server.home));
}

async function checkVersion(home: string): Promise<void> {
  const found = await readFile(join(cluster(home), "PG_VERSION"), "utf8").catch(() => "");
  if (found.trim() === POSTGRES_MAJOR) return;
  throw new StackError(
    "data_folder_broken",
    found === ""
      ? `${cluster(home)} is not a Postgres data folder: \`npm run stack:reset\` deletes it and starts over.`
      : `${cluster(home)} was made by Postgres ${found.trim()} and this is Postgres ${POSTGRES_MAJOR}: \`npm run stack:reset\` deletes it and starts over.`,
  );
}

async function startError(server: Server, what: string): Promise<StackError> {
  const log = await tailOf(server.logFile, 40);
  const reason = log
    .split("\n")
    .findLast((line) => /FATAL|PANIC|error:|ERROR|could not/.test(line))
    ?.replace(/^.*?(FATAL|PANIC|error|ERROR):\s*/, "");
  if (/No space left on device/.test(log)) {
    return new StackError(
      "disk_full",
      `The disk is full: Postgres could not write to ${server.home}.`,
    );
  }
  if (/could not bind|Address already in use|could not create any TCP/.test(log)) {
    return new StackError(
      "port_in_use",
      `Port ${server.options.port} for the database is taken by ${portOwner(server.options.port)}: stop it, or choose another with --db-port.`,
    );
  }
  return new StackError(
    "data_folder_broken",
    `Postgres did not start on ${cluster(server.home)} (${reason ?? what}): the log is ${server.logFile}; \`npm run stack:reset\` deletes the data and starts over.`,
  );
}

/** What `pg_ctl -w` looks at: the eighth line of postmaster.pid becomes "ready". */
async function isReady(home: string, pid: number): Promise<boolean> {
  const text = await readFile(join(cluster(home), "postmaster.pid"), "utf8").catch(() => "");
  const lines = text.split("\n");
  return lines[0]?.trim() === String(pid) && lines[7]?.trim() === "ready";
}

async function superuserPassword(home: string): Promise<string> {
  const password = await readFile(passwordFile(home), "utf8").catch(() => "");
  if (password !== "") return password.trim();
  throw new StackError(
    "data_folder_broken",
    `${passwordFile(home)} is missing, without it the database cannot be administered: \`npm run stack:reset\` deletes the data and starts over.`,
  );
}

/**
 * Starts Postgres on the data folder `<stateDir>/postgres/cluster`, which is made when there is none,
 * and returns when it accepts connections on 127.0.0.1.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const user = choosePostgresUser(options.user);
  await mkdir(options.stateDir, { recursive: true });
  const folders = postgresFolders(user, options.stateDir, options.cacheDir);
  const server: Server = {
    options,
    binaries: await stagePostgres(folders.cacheDir),
    user,
    home: folders.home,
    logFile: join(options.stateDir, "logs", "postgres.log"),
  };
  await endOrphan(cluster(server.home));
  if (!existsSync(cluster(server.home))) await initialise(server);
  await checkVersion(server.home);
  const password = await superuserPassword(server.home);
  const child = await spawnAs(server, server.binaries.postgres, [
    "-D",
    cluster(server.home),
    ...serverSettings(options),
  ]);
  const ready = await poll(() => isReady(server.home, child.pid), {
    timeoutMs: START_TIMEOUT_MS,
    abandon: child.ended,
  });
  if (ready === undefined) {
    await child.stop();
    throw await startError(server, `it ended with ${await child.ended}`);
  }
  const host = `127.0.0.1:${options.port}/postgres`;
  return {
    child,
    adminUrl: `postgresql://supabase_admin:${password}@${host}`,
    url: `postgresql://postgres:postgres@${host}`,
    outsideFolder: folders.outside ? folders.home : undefined,
  };
}
