import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { glob, readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type postgres from "postgres";
import { messageOf, StackError } from "./errors.ts";
import { type SpawnChild, tailOf } from "./processes.ts";
import { installedPackage } from "./versions.ts";
import { withDatabase } from "./with-database.ts";

export interface MigrationOptions {
  readonly root: string;
  readonly stateDir: string;
  /** As the role `postgres`: what would fail on the platform fails here. */
  readonly dbUrl: string;
  readonly spawn: SpawnChild;
  readonly log: (line: string) => void;
}

type Sql = postgres.Sql;

async function tableExists(sql: Sql, name: string): Promise<boolean> {
  const [row] = await sql<{ found: boolean }[]>`select to_regclass(${name}) is not null as found`;
  return row?.found ?? false;
}

/** The versions of supabase/migrations, as the CLI reads them: 14 digits, an underscore, a name. */
async function versionsInFolder(root: string): Promise<string[]> {
  const folder = join(root, "supabase", "migrations");
  const names = existsSync(folder) ? await readdir(folder) : [];
  return names.flatMap((name) => /^(\d+)_.*\.sql$/.exec(name)?.[1] ?? []).sort();
}

async function appliedVersions(dbUrl: string): Promise<Set<string>> {
  return withDatabase(dbUrl, async (sql) => {
    if (!(await tableExists(sql, "supabase_migrations.schema_migrations"))) return new Set();
    const rows = await sql<{ version: string }[]>`
      select version from supabase_migrations.schema_migrations`;
    return new Set(rows.map((row) => row.version));
  });
}

/**
 * Applies what is pending with `supabase db push`, the way a deployment does. The look beforehand is
 * our own, because starting the CLI costs half a second of every start.
 */
export async function applyMigrations(options: MigrationOptions): Promise<number> {
  const wanted = await versionsInFolder(options.root);
  const applied = await appliedVersions(options.dbUrl);
  const pending = wanted.filter((version) => !applied.has(version));
  if (pending.length === 0) return 0;
  options.log(`Applying ${pending.length} migrations …`);
  const cli = await installedPackage("supabase");
  const logFile = join(options.stateDir, "logs", "migrations.log");
  const child = await options.spawn({
    name: "supabase db push",
    command: process.execPath,
    args: [
      join(cli.folder, "dist", "supabase.js"),
      "db",
      "push",
      `--remote=${options.dbUrl}`,
      "--yes",
    ],
    cwd: options.root,
    env: {
      PATH: process.env.PATH ?? "",
      // The CLI keeps state in the home folder; this one goes with the data.
      HOME: join(options.stateDir, "cli"),
      PGSSLMODE: "disable",
      SUPABASE_TELEMETRY_DISABLED: "1",
    },
    logFile,
  });
  const outcome = await child.ended;
  await child.stop();
  if (outcome !== "exit code 0") {
    throw new StackError(
      "migration_failed",
      `The migrations could not be applied (${outcome}); the CLI said:\n${await tailOf(logFile, 12)}`,
    );
  }
  return pending.length;
}

async function seedFiles(root: string, patterns: readonly string[]): Promise<string[]> {
  const folder = join(root, "supabase");
  const files: string[] = [];
  for (const pattern of patterns) {
    const found: string[] = [];
    for await (const name of glob(pattern, { cwd: folder })) found.push(join(folder, name));
    files.push(...found.sort());
  }
  return files;
}

/**
 * Runs the seed files that are new or have changed, and remembers them in the table that the CLI
 * uses. An unchanged seed does not run again: what somebody deleted stays deleted.
 */
export async function applySeed(
  options: MigrationOptions,
  patterns: readonly string[],
): Promise<number> {
  const files = await seedFiles(options.root, patterns);
  if (files.length === 0) return 0;
  return withDatabase(options.dbUrl, async (sql) => {
    await sql`create schema if not exists supabase_migrations`;
    await sql`create table if not exists supabase_migrations.seed_files (path text not null primary key, hash text not null)`;
    let run = 0;
    for (const file of files) {
      const text = await readFile(file, "utf8");
      const hash = createHash("sha256").update(text).digest("hex");
      const path = relative(options.root, file);
      const [known] = await sql`
        select 1 from supabase_migrations.seed_files where path = ${path} and hash = ${hash}`;
      if (known) continue;
      options.log(`Seeding from ${path} …`);
      await runSeed(sql, path, text, hash);
      run += 1;
    }
    return run;
  });
}

async function runSeed(sql: Sql, path: string, text: string, hash: string): Promise<void> {
  try {
    await sql.begin(async (tx) => {
      await tx.unsafe(text).simple();
      await tx`
        insert into supabase_migrations.seed_files (path, hash) values (${path}, ${hash})
        on conflict (path) do update set hash = excluded.hash`;
    });
  } catch (cause) {
    throw new StackError("seed_failed", `${path} failed: ${messageOf(cause)}.`, { cause });
  }
}
