import { randomUUID } from "node:crypto";
import type postgres from "postgres";

/** A chain of the audit that only one test knows. */
export type Chain = { readonly stream: string; readonly hashes: readonly string[] };

/** Writes a chain of this many entries. */
export async function createChain(
  sql: postgres.Sql,
  length: number,
  stream = `test:${randomUUID()}`,
): Promise<Chain> {
  await sql`
    select private.audit_append(${stream}, 'system', ${stream}, 'test.done', 'thing', n::text)
    from generate_series(1, ${length}::integer) as n`;
  const rows = await sql<{ hash: string }[]>`
    select encode(hash, 'hex') as hash from private.audit_log where stream = ${stream} order by sequence`;
  return { stream, hashes: rows.map(({ hash }) => hash) };
}
