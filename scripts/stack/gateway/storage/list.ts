import { z } from "zod";
import type { Caller } from "../caller.ts";
import { requireBucket } from "./buckets.ts";
import type { StorageContext } from "./context.ts";
import { asCaller } from "./database.ts";

export const listBody = z.object({
  prefix: z.string().default(""),
  limit: z.int().min(1).default(100),
  offset: z.int().min(0).default(0),
  search: z.string().default(""),
  sortBy: z
    .object({
      column: z.enum(["name", "updated_at", "created_at", "last_accessed_at"]).default("name"),
      order: z.enum(["asc", "desc"]).default("asc"),
    })
    .nullish(),
});

export interface ListEntry {
  readonly name: string;
  readonly id: string | null;
  readonly updated_at: Date | null;
  readonly created_at: Date | null;
  readonly last_accessed_at: Date | null;
  readonly metadata: unknown;
}

const escapeLike = (text: string) => text.replaceAll(/[\\%_]/g, "\\$&");

/** One level of a bucket, as the caller may see it: folders first, they have no id. */
export async function listObjects(
  { sql }: StorageContext,
  caller: Caller,
  bucketId: string,
  options: z.output<typeof listBody>,
): Promise<readonly ListEntry[]> {
  await requireBucket(sql, bucketId);
  const prefix = options.prefix.replace(/^\/+|\/+$/g, "");
  const folder = prefix === "" ? "" : `${prefix}/`;
  const search = `${escapeLike(options.search)}%`;
  const { column, order } = options.sortBy ?? { column: "name", order: "asc" };
  return asCaller(
    sql,
    caller,
    "storage.object.list",
    (tx) => tx<ListEntry[]>`
    with below as (
      select substr(name, char_length(${folder}) + 1) as rest, id, updated_at, created_at,
        last_accessed_at, metadata
      from storage.objects
      where bucket_id = ${bucketId} and starts_with(name, ${folder}) and name <> ${folder}
    ), entries as (
      select distinct split_part(rest, '/', 1) as name, null::uuid as id, null::timestamptz as updated_at,
        null::timestamptz as created_at, null::timestamptz as last_accessed_at, null::jsonb as metadata
      from below where strpos(rest, '/') > 0
      union all
      select rest, id, updated_at, created_at, last_accessed_at, metadata
      from below where strpos(rest, '/') = 0
    )
    select * from entries where name ilike ${search}
    order by (id is not null), ${tx(column)} ${order === "desc" ? tx`desc` : tx`asc`}, name
    limit ${options.limit} offset ${options.offset}`,
  );
}
