import type { TestProject } from "vitest/node";
import { startDatabaseOnly } from "../../scripts/stack/database.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A migrated database that test files copy; nobody may stay connected to it. */
    template: { readonly url: string; readonly adminUrl: string };
  }
}

/** One migrated database without seed; each test file works on a copy of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const database = await startDatabaseOnly();
  project.provide("template", { url: database.url, adminUrl: database.adminUrl });
  return () => database.dispose();
}
