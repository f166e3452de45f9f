import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withDatabase } from "./with-database.ts";

const FOLDER = fileURLToPath(new URL("./bootstrap/", import.meta.url));

// The database passwords of every local Supabase stack; the server listens on 127.0.0.1 only.
const LOGIN_ROLES = [
  "postgres",
  "authenticator",
  "supabase_auth_admin",
  "supabase_storage_admin",
  "supabase_replication_admin",
  "supabase_read_only_user",
];
const LOCAL_PASSWORD = "postgres";

/** `before` runs ahead of the services' own tables, `after` once they exist. */
export type BootstrapStage = "before" | "after";

async function sqlFiles(stage: BootstrapStage): Promise<string[]> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith(".sql")).sort();
  // Files from 50 on need the tables of Auth and Storage.
  const wanted = names.filter((name) => (name < "50" ? "before" : "after") === stage);
  return Promise.all(wanted.map((name) => readFile(join(FOLDER, name), "utf8")));
}

/** Brings the database to what a fresh Supabase project offers. Each statement may run again. */
export async function runBootstrap(adminUrl: string, stage: BootstrapStage): Promise<void> {
  await withDatabase(adminUrl, async (sql) => {
    for (const text of await sqlFiles(stage)) await sql.unsafe(text).simple();
    if (stage === "after") return;
    for (const role of LOGIN_ROLES) {
      await sql.unsafe(`alter role ${role} with password '${LOCAL_PASSWORD}'`);
    }
  });
}
