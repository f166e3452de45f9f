import postgres from "postgres";
import type { TestProject } from "vitest/node";
import { startDatabaseOnly } from "../../scripts/stack/database.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A migrated database that test files copy; nobody may stay connected to it. */
    template: { readonly url: string; readonly adminUrl: string };
  }
}

/** As the seed of a local stack: the tests of the second factor ask for it themselves. */
async function allowOneFactor(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  await sql`update private.settings set staff_mfa_required = false`;
  await sql.end();
}

/** One migrated database without seed; each test file works on a copy of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const database = await startDatabaseOnly();
  await allowOneFactor(database.url);
  project.provide("template", { url: database.url, adminUrl: database.adminUrl });
  return () => database.dispose();
}
