import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { inject } from "vitest";

/** A copy of the migrated database that one test file has to itself. */
export interface OwnDatabase {
  /** As the plain role `postgres`, like migrations and functions. */
  readonly url: string;
  /** As the superuser, for what the platform does: extensions, attacks with every right. */
  readonly adminUrl: string;
  /** One connection as `postgres`. */
  readonly client: postgres.Sql;
}

function withName(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

/** Copies the template, lets `use` work with the copy and drops it. */
export async function withOwnDatabase(
  use: (database: OwnDatabase) => Promise<void>,
): Promise<void> {
  const template = inject("template");
  const source = new URL(template.url).pathname.slice(1);
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  // Postgres copies only a database that nobody is connected to, so this connects elsewhere.
  const admin = postgres(withName(template.adminUrl, "template1"), { max: 1, onnotice: () => {} });
  try {
    // Copies of one template take turns.
    await admin`select pg_advisory_lock(hashtext('copy-template'))`;
    await admin.unsafe(
      `create database ${name} template ${source} owner postgres strategy file_copy`,
    );
    await admin`select pg_advisory_unlock(hashtext('copy-template'))`;
    // Settings of a database are not copied with it.
    await admin.unsafe(`alter database ${name} set search_path to "$user", public, extensions`);
    await admin.unsafe(`alter database ${name} set app.allow_clock_shift = 'on'`);
    const url = withName(template.url, name);
    const client = postgres(url, { max: 1, onnotice: () => {} });
    try {
      await use({ url, adminUrl: withName(template.adminUrl, name), client });
    } finally {
      await client.end();
      await admin.unsafe(`drop database ${name} with (force)`);
    }
  } finally {
    await admin.end();
  }
}
