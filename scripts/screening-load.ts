// Loads a list of sanctioned or politically exposed people. See scripts/screening/formats.ts for the formats.
import { createReadStream, statSync } from "node:fs";
import { basename, extname, resolve } from "node:path";
import { parseArgs } from "node:util";
import postgres from "postgres";
import { ListError } from "./screening/list-error.ts";
import { LIST_KINDS, type ListKind, loadList } from "./screening/load-list.ts";

const USAGE = `Usage: npm run screening:load -- <file> [options]

  <file>            an XML file: the UN consolidated list or the OFAC SDN list
  --list NAME       what the list is called here (default: the name of the file)
  --kind KIND       ${LIST_KINDS.join(", ")} (default: sanctions)
  --allow-shrink    lets the list lose more than half of its entries
  --database-url    the database (default: SUPABASE_DB_URL, or the local stack's)

Two small lists of invented people lie in scripts/screening/.`;

const LOCAL_DATABASE = "postgresql://postgres:postgres@127.0.0.1:54322/postgres";
const PROGRESS_MS = 2_000;

class UsageError extends Error {}

interface Options {
  readonly file: string;
  readonly list: string;
  readonly kind: ListKind;
  readonly allowShrink: boolean;
  readonly databaseUrl: string;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        list: { type: "string" },
        kind: { type: "string", default: "sanctions" },
        "allow-shrink": { type: "boolean", default: false },
        "database-url": { type: "string" },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): Options {
  const { values, positionals } = parse(args);
  const [given] = positionals;
  if (given === undefined || positionals.length > 1) throw new UsageError("Name one file.");
  const kind = LIST_KINDS.find((name) => name === values.kind);
  if (!kind) throw new UsageError(`--kind ${values.kind} is none of ${LIST_KINDS.join(", ")}.`);
  const list = values.list ?? basename(given, extname(given)).toLowerCase();
  if (!/^[a-z0-9][a-z0-9_-]{0,99}$/.test(list)) {
    throw new UsageError(
      `The list cannot be called "${list}": give --list in small letters, digits, - and _.`,
    );
  }
  return {
    // npm runs scripts in the folder of package.json, wherever it was called.
    file: resolve(env.INIT_CWD ?? ".", given),
    list,
    kind,
    allowShrink: values["allow-shrink"],
    databaseUrl: values["database-url"] || env.SUPABASE_DB_URL || LOCAL_DATABASE,
  };
}

function sizeOf(file: string): number {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found?.isFile()) throw new ListError(`There is no file ${file}.`);
  return found.size;
}

async function load({ file, databaseUrl, ...options }: Options): Promise<void> {
  const size = sizeOf(file);
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {}, connect_timeout: 10 });
  let read = 0;
  let told = performance.now();
  const open = async function* () {
    read = 0;
    for await (const chunk of createReadStream(file)) {
      read += chunk.length;
      yield chunk;
    }
  };
  const progress = (entries: number) => {
    if (performance.now() - told < PROGRESS_MS) return;
    told = performance.now();
    console.log(`  ${Math.floor((100 * read) / size)} % read, ${entries} people`);
  };
  try {
    const source = { ...options, open, source: basename(file) };
    const { applied, skipped } = await loadList(sql, source, { progress, warn: console.warn });
    if (!applied) {
      console.log(`${options.list}: this file is in force already.`);
      return;
    }
    const { version, total, added, changed, removed, reopened } = applied;
    console.log(
      `${options.list}, version ${version}: ${total} people (${added} new, ${changed} changed, ${removed} gone), ` +
        `${skipped} other records left out, ${reopened} decided hits opened again.`,
    );
  } finally {
    await sql.end();
  }
}

try {
  await load(readOptions(process.argv.slice(2), process.env));
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exitCode = 2;
  } else {
    console.error(
      error instanceof ListError
        ? `The list was not loaded; what was in force still is. ${error.message}`
        : `The list was not loaded. ${error instanceof Error ? error.message : String(error)}`,
    );
    process.exitCode = 1;
  }
}
