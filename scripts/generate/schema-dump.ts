import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { banner, type OutputFile } from "./output.ts";

const queries = fileURLToPath(new URL("./schema-dump/", import.meta.url));

/**
 * The schema as text for reviewers, from the catalog: pg_dump does not come with the database binaries.
 * Every statement is complete, but the file is not meant to be run.
 */
export async function dumpSchema(databaseUrl: string): Promise<OutputFile> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    const sections: string[] = [];
    for (const name of (await readdir(queries)).sort()) {
      const query = await readFile(`${queries}${name}`, "utf8");
      const rows = await sql.unsafe<{ line: string }[]>(query);
      sections.push(rows.map(({ line }) => line.trimEnd()).join("\n\n"));
    }
    const content = `${banner("a migrated database", "--")}\n${sections.join("\n\n")}\n`;
    return { path: "tests/db/schema.snapshot.sql", content };
  } finally {
    await sql.end();
  }
}
