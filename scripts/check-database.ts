// Checks migrations, seed and types with the Supabase CLI against a throw-away database: what a deployment
// would do, in the order in which it would do it. Ends with code 1 when one of them fails.
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { generateDatabase } from "./generate/database.ts";
import { findStale, root } from "./generate/output.ts";
import { startDatabaseOnly } from "./stack/database.ts";
import { installedPackage } from "./stack/versions.ts";
import { withDatabase } from "./stack/with-database.ts";

const run = promisify(execFile);

class CheckFailed extends Error {}

function must(condition: boolean, message: string): void {
  if (!condition) throw new CheckFailed(message);
}

interface Cli {
  readonly url: string;
  readonly script: string;
  readonly home: string;
}

/** Runs the CLI on the database; answers what it printed. A key of config.toml that it does not know fails. */
async function supabase(cli: Cli, ...args: readonly string[]): Promise<string> {
  const outcome = await run(process.execPath, [cli.script, ...args, `--remote=${cli.url}`], {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
    env: {
      PATH: process.env.PATH,
      HOME: cli.home,
      PGSSLMODE: "disable",
      SUPABASE_TELEMETRY_DISABLED: "1",
    },
  }).catch((error: Error & { stdout?: string; stderr?: string }) => {
    throw new CheckFailed(
      `supabase ${args.join(" ")} failed:\n${error.stdout ?? ""}${error.stderr ?? error.message}`,
    );
  });
  const output = `${outcome.stdout}${outcome.stderr}`;
  const complaint = output
    .split("\n")
    .find((line) => /\bwarn(ing)?\b|unknown|deprecated/i.test(line));
  must(complaint === undefined, `supabase ${args.join(" ")} complains: ${complaint}`);
  return output;
}

async function migrationVersions(): Promise<string[]> {
  const names = await readdir(join(root, "supabase", "migrations"));
  return names.flatMap((name) => /^(\d{14})_.*\.sql$/.exec(name)?.[1] ?? []).sort();
}

async function appliedVersions(url: string): Promise<string[]> {
  return withDatabase(url, async (sql) => {
    const rows = await sql<{ version: string }[]>`
      select version from supabase_migrations.schema_migrations order by version`;
    return rows.map(({ version }) => version);
  });
}

/** Everything that migrations make, as text: two databases with the same text have the same schema. */
async function schemaOf(url: string): Promise<string> {
  const files = await generateDatabase(url);
  return files.map(({ content }) => content).join("\n");
}

async function rowCounts(url: string): Promise<string> {
  return withDatabase(url, async (sql) => {
    const rows = await sql`
      select (select count(*) from auth.users) as users, (select count(*) from auth.identities) as identities,
        (select count(*) from public.profiles) as profiles, (select count(*) from private.user_roles) as roles`;
    return JSON.stringify(rows[0]);
  });
}

async function checkSeedTwice(url: string): Promise<void> {
  const seed = await readFile(join(root, "supabase", "seed.sql"), "utf8");
  const before = await rowCounts(url);
  await withDatabase(url, (sql) => sql.unsafe(seed).simple());
  must((await rowCounts(url)) === before, "seed.sql adds rows when it runs a second time.");
}

interface Check {
  readonly name: string;
  readonly does: (cli: Cli, memory: Map<string, string>) => Promise<void>;
}

const checks: readonly Check[] = [
  {
    name: "db push applies every migration to an empty database",
    does: async (cli, memory) => {
      await supabase(cli, "db", "push", "--yes");
      const [wanted, applied] = [await migrationVersions(), await appliedVersions(cli.url)];
      must(
        wanted.join() === applied.join(),
        `applied ${applied.length} of ${wanted.length} migrations`,
      );
      memory.set("schema", await schemaOf(cli.url));
    },
  },
  {
    name: "a second db push changes nothing",
    does: async (cli, memory) => {
      await supabase(cli, "db", "push", "--yes");
      must((await schemaOf(cli.url)) === memory.get("schema"), "the schema is another one now");
    },
  },
  {
    name: "db reset makes the same schema again, with the seed",
    does: async (cli, memory) => {
      await supabase(cli, "db", "reset", "--yes");
      must((await schemaOf(cli.url)) === memory.get("schema"), "the schema is another one now");
      must(
        (await rowCounts(cli.url)).includes('"profiles":"7"'),
        "the demo accounts are not there",
      );
      await checkSeedTwice(cli.url);
    },
  },
  {
    name: "gen types and the schema dump equal the committed files",
    does: async (cli) => {
      const stale = await findStale(await generateDatabase(cli.url));
      must(stale.length === 0, `stale: ${stale.join(", ")}; run \`npm run generate\``);
    },
  },
  {
    name: "db advisors has nothing to say",
    does: async (cli) => {
      await supabase(
        cli,
        "db",
        "advisors",
        "--type",
        "all",
        "--level",
        "warn",
        "--fail-on",
        "warn",
      );
    },
  },
];

const database = await startDatabaseOnly({ migrate: false });
const home = await mkdtemp(join(tmpdir(), "nff-cli-"));
try {
  const { folder } = await installedPackage("supabase");
  const cli: Cli = { url: database.url, script: join(folder, "dist", "supabase.js"), home };
  const memory = new Map<string, string>();
  for (const { name, does } of checks) {
    const started = performance.now();
    await does(cli, memory);
    console.log(`ok   ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  }
} catch (error) {
  if (!(error instanceof CheckFailed)) throw error;
  console.error(`FAILED: ${error.message}`);
  process.exitCode = 1;
} finally {
  await database.dispose();
  await rm(home, { recursive: true, force: true });
}
