import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { banner, FUNCTIONS_GENERATED, type OutputFile, root } from "./output.ts";
import { dumpSchema } from "./schema-dump.ts";
import { generateStateMachine } from "./state-machine.ts";

const run = promisify(execFile);
const SCHEMAS = ["public", "private"];

/** What `supabase gen types` prints for our schemas. The CLI keeps state at home, so it gets one of its own. */
async function printTypes(databaseUrl: string): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "nff-cli-"));
  try {
    const { stdout } = await run(
      process.execPath,
      [
        join(root, "node_modules/supabase/dist/supabase.js"),
        ...["gen", "types", ...SCHEMAS.flatMap((schema) => ["--schema", schema])],
        `--remote=${databaseUrl}`,
      ],
      {
        cwd: root,
        env: {
          PATH: process.env.PATH,
          HOME: home,
          PGSSLMODE: "disable",
          SUPABASE_TELEMETRY_DISABLED: "1",
        },
        maxBuffer: 64 * 1024 * 1024,
      },
    );
    return stdout;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** The CLI prints one long line per table, which no review could follow. */
async function format(source: string): Promise<string> {
  const biome = spawn(
    process.execPath,
    [
      join(root, "node_modules/@biomejs/biome/bin/biome"),
      "format",
      "--stdin-file-path=database.ts",
    ],
    { cwd: root, stdio: ["pipe", "pipe", "inherit"] },
  );
  biome.stdin.end(source);
  const formatted = await text(biome.stdout);
  if (formatted === "")
    throw new Error("biome could not format what `supabase gen types` printed.");
  return formatted;
}

/** Types, schema dump and state machine of a migrated database, which the caller has started. */
export async function generateDatabase(databaseUrl: string): Promise<OutputFile[]> {
  const types = await format(await printTypes(databaseUrl));
  return [
    {
      path: `${FUNCTIONS_GENERATED}/database.ts`,
      content: `${banner("a migrated database")}\n${types}`,
    },
    await dumpSchema(databaseUrl),
    ...(await generateStateMachine(databaseUrl)),
  ];
}
