import type { Sql } from "./db.ts";

/** A table of the database, with its schema. */
interface Table {
  readonly schema: string;
  readonly name: string;
}

/** Every table that rows can lie in, of whatever schema, apart from the catalogs of Postgres; partitions as one. */
async function everyTable(sql: Sql): Promise<Table[]> {
  return sql<Table[]>`
    select n.nspname as schema, c.relname as name
    from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'm') and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema')
      and n.nspname not like 'pg\\_%' and has_table_privilege(c.oid, 'select')
    order by 1, 2`;
}

/**
 * The tables with a row that has one of these texts in any column, whatever the type and case: plain, inside
 * JSON, or as the hexadecimal digits that bytes are printed as.
 */
export async function tablesWith(sql: Sql, needles: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  const wanted = needles.flatMap((needle) => [
    needle.toLowerCase(),
    Buffer.from(needle).toString("hex"),
  ]);
  for (const { schema, name } of await everyTable(sql)) {
    const [row] = await sql<{ found: boolean }[]>`
      select exists (
        select from ${sql(schema)}.${sql(name)} as r, unnest(${wanted}::text[]) as needle
        where strpos(lower(r::text), needle) > 0) as found`;
    if (row?.found) found.push(`${schema}.${name}`);
  }
  return found;
}
