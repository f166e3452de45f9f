import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runBootstrap } from "./bootstrap.ts";
import { prepareDatabase } from "./gateway/prepare-database.ts";
import { checkoutRoot } from "./paths.ts";
import { freePort } from "./ports.ts";
import { createSpawner } from "./processes.ts";
import { startReaper } from "./reaper.ts";
import { startPostgres } from "./services/postgres.ts";

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
  readonly port?: number;
}

/** Postgres with what a fresh Supabase project has in its database, and nothing else. */
export async function startDatabaseOnly(options: DatabaseOnlyOptions = {}): Promise<DatabaseOnly> {
  const reaper = startReaper();
  const stateDir = options.stateDir ?? (await temporaryFolder());
  if (options.stateDir === undefined) reaper.removeAtEnd(stateDir);
  try {
    const postgres = await startPostgres({
      stateDir,
      cacheDir: join(checkoutRoot(), ".stack", "cache"),
      port: options.port ?? (await freePort()),
      durable: false,
      spawn: createSpawner(reaper),
    });
    if (options.stateDir === undefined && postgres.outsideFolder !== undefined) {
      reaper.removeAtEnd(postgres.outsideFolder);
    }
    await runBootstrap(postgres.adminUrl, "before");
    await prepareDatabase(postgres.adminUrl);
    await runBootstrap(postgres.adminUrl, "after");
    return {
      url: postgres.url,
      adminUrl: postgres.adminUrl,
      dispose: async () => {
        await postgres.child.stop();
        await reaper.finish();
      },
    };
  } catch (error) {
    await reaper.finish();
    throw error;
  }
}

async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "nff-stack-"));
}
