import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runBootstrap } from "./bootstrap.ts";
import { prepareDatabase } from "./gateway/prepare-database.ts";
import { applyMigrations, applySeed } from "./migrations.ts";
import { checkoutRoot } from "./paths.ts";
import { freePort } from "./ports.ts";
import { createSpawner, type SpawnChild } from "./processes.ts";
import { loadProjectConfig } from "./project-config.ts";
import { startReaper } from "./reaper.ts";
import { type Postgres, startPostgres } from "./services/postgres.ts";
import type { PostgresUserMode } from "./services/postgres-user.ts";

export interface DatabaseOptions {
  readonly root: string;
  readonly stateDir: string;
  readonly cacheDir: string;
  readonly port: number;
  readonly durable: boolean;
  readonly migrate: boolean;
  readonly seed: boolean;
  readonly spawn: SpawnChild;
  readonly log: (line: string) => void;
  readonly user: PostgresUserMode | "auto";
}

/** Postgres with everything in it: roles, the tables of the platform's services, migrations, seed. */
export async function startDatabase(
  options: DatabaseOptions,
  started: (postgres: Postgres) => void,
): Promise<Postgres> {
  const postgres = await startPostgres(options);
  started(postgres);
  await runBootstrap(postgres.adminUrl, "before");
  await prepareDatabase(postgres.adminUrl);
  await runBootstrap(postgres.adminUrl, "after");
  const project = { ...options, dbUrl: postgres.url };
  if (options.migrate) await applyMigrations(project);
  if (options.seed) await applySeed(project, (await loadProjectConfig(options.root)).seedPaths);
  return postgres;
}

export interface DatabaseOnly {
  /** As the plain role `postgres`. */
  readonly url: string;
  /** As the superuser `supabase_admin`. */
  readonly adminUrl: string;
  dispose(): Promise<void>;
}

export interface DatabaseOnlyOptions {
  /** Kept afterwards when given; otherwise a temporary folder that is removed. */
  readonly stateDir?: string;
  readonly root?: string;
  readonly port?: number;
  readonly migrate?: boolean;
  readonly seed?: boolean;
  readonly user?: PostgresUserMode | "auto";
}

/** A throw-away database of the project, migrated unless told otherwise, and nothing around it. */
export async function startDatabaseOnly(options: DatabaseOnlyOptions = {}): Promise<DatabaseOnly> {
  const root = options.root ?? checkoutRoot();
  const reaper = startReaper();
  const stateDir = options.stateDir ?? (await mkdtemp(join(tmpdir(), "nff-database-")));
  if (options.stateDir === undefined) reaper.removeAtEnd(stateDir);
  try {
    const postgres = await startDatabase(
      {
        root,
        stateDir,
        cacheDir: join(checkoutRoot(), ".stack", "cache"),
        port: options.port ?? (await freePort()),
        durable: false,
        migrate: options.migrate ?? true,
        seed: options.seed ?? false,
        spawn: createSpawner(reaper).spawn,
        log: () => {},
        user: options.user ?? "auto",
      },
      ({ outsideFolder }) => {
        if (options.stateDir === undefined && outsideFolder) reaper.removeAtEnd(outsideFolder);
      },
    );
    // The reaper stops it, as it would after a crash.
    return { url: postgres.url, adminUrl: postgres.adminUrl, dispose: () => reaper.finish() };
  } catch (error) {
    await reaper.finish();
    throw error;
  }
}
