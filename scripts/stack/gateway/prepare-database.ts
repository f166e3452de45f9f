import { readFile } from "node:fs/promises";
import postgres from "postgres";

const FILES = [
  "auth-types.sql",
  "auth-tables.sql",
  "storage-schema.sql",
  "realtime-schema.sql",
  "platform-rules.sql",
] as const;

/** The version of supabase/auth whose tables these are; hosted projects list their migrations here. */
const AUTH_SCHEMA_VERSION = "20261020000000";

/**
 * Creates the schemas that Supabase's own services bring to a database (auth, storage, realtime), with
 * the owners and rights of a hosted project. Running it again changes nothing.
 *
 * @param dbUrl connection as the superuser `supabase_admin`; the roles of a project exist already.
 */
export async function prepareDatabase(dbUrl: string): Promise<void> {
  const sql = postgres(dbUrl, { max: 1, onnotice: () => {} });
  try {
    const statements = await Promise.all(
      FILES.map((file) => readFile(new URL(`./database/${file}`, import.meta.url), "utf8")),
    );
    await sql.begin(async (tx) => {
      // Two stacks never share a database, but two starts of one may overlap.
      await tx`select pg_advisory_xact_lock(hashtext('prepare-database'))`;
      for (const text of statements) await tx.unsafe(text);
      await tx`insert into auth.schema_migrations (version) values (${AUTH_SCHEMA_VERSION}) on conflict do nothing`;
    });
  } finally {
    await sql.end();
  }
}
