import type { Sql } from "postgres";
import type { Caller } from "../caller.ts";
import { requireBucket } from "./buckets.ts";
import type { StorageContext } from "./context.ts";
import { asCaller, type Db, type ObjectRow, probe } from "./database.ts";
import { noSuchKey } from "./errors.ts";
import { type IncomingFile, requireValidKey } from "./upload.ts";

/** A place in Storage, and who asks for it. */
export interface ObjectPlace {
  readonly caller: Caller;
  readonly bucketId: string;
  readonly name: string;
}

export const ownerOf = (caller: Caller) => caller.claims?.sub ?? null;

/** Fails unless the policies let the caller store an object here. */
export async function probeUpload(
  sql: Sql,
  { caller, bucketId, name }: ObjectPlace,
  upsert: boolean,
  operation: string,
  file?: Pick<IncomingFile, "mimetype" | "contentLength" | "userMetadata">,
): Promise<void> {
  requireValidKey(name);
  await requireBucket(sql, bucketId);
  const owner = ownerOf(caller);
  const metadata =
    file && JSON.stringify({ mimetype: file.mimetype, contentLength: file.contentLength });
  const custom = file?.userMetadata ? JSON.stringify(file.userMetadata) : null;
  await probe(
    sql,
    caller,
    operation,
    (tx) => tx`
    insert into storage.objects (bucket_id, name, owner, owner_id, version, metadata, user_metadata)
    values (${bucketId}, ${name}, ${owner}, ${owner}, '1', ${metadata ?? null}::text::jsonb,
      ${custom}::text::jsonb)
    ${upsert ? tx`on conflict (bucket_id, name) do update set version = '1', owner = ${owner}, owner_id = ${owner}` : tx``}`,
  );
}

async function findIn(db: Db, bucketId: string, name: string): Promise<ObjectRow> {
  const [row] = await db<ObjectRow[]>`
    select * from storage.objects where bucket_id = ${bucketId} and name = ${name}`;
  if (!row) throw noSuchKey();
  return row;
}

/** The object as far as the caller may see it. */
export async function findAsCaller(
  { sql }: StorageContext,
  { caller, bucketId, name }: ObjectPlace,
  operation: string,
): Promise<ObjectRow> {
  await requireBucket(sql, bucketId);
  return asCaller(sql, caller, operation, (tx) => findIn(tx, bucketId, name));
}

/** Which of these objects there are, as far as the caller may see them. */
export async function namesAsCaller(
  { sql }: StorageContext,
  { caller, bucketId, names }: Omit<ObjectPlace, "name"> & { readonly names: readonly string[] },
  operation: string,
): Promise<ReadonlySet<string>> {
  const rows = await asCaller(
    sql,
    caller,
    operation,
    (tx) => tx<Pick<ObjectRow, "name">[]>`
      select name from storage.objects where bucket_id = ${bucketId} and name = any (${[...names]})`,
  );
  return new Set(rows.map(({ name }) => name));
}

/** The object for somebody whose right was checked before: a signed URL, or a public bucket. */
export async function findForGrant({ sql }: StorageContext, bucketId: string, name: string) {
  return findIn(sql, bucketId, name);
}

export async function removeObjects(
  { sql, files }: StorageContext,
  caller: Caller,
  bucketId: string,
  names: readonly string[],
): Promise<readonly ObjectRow[]> {
  await requireBucket(sql, bucketId);
  if (names.length === 0) return [];
  const rows = await asCaller(
    sql,
    caller,
    "storage.object.delete_many",
    (tx) => tx<ObjectRow[]>`
    delete from storage.objects where bucket_id = ${bucketId} and name in ${tx([...names])}
    returning id, bucket_id, name, owner, owner_id, version, metadata, user_metadata, created_at,
      updated_at, last_accessed_at`,
  );
  await Promise.all(rows.map(({ version }) => files.remove(version)));
  return rows;
}

export async function moveObject(
  context: StorageContext,
  place: ObjectPlace,
  target: { readonly bucketId: string; readonly name: string },
): Promise<void> {
  requireValidKey(target.name);
  await requireBucket(context.sql, target.bucketId);
  await findAsCaller(context, place, "storage.object.move");
  const { caller, bucketId, name } = place;
  const moved = await asCaller(
    context.sql,
    caller,
    "storage.object.move",
    (tx) => tx`
    update storage.objects
    set bucket_id = ${target.bucketId}, name = ${target.name}, owner = ${ownerOf(caller)},
      owner_id = ${ownerOf(caller)}
    where bucket_id = ${bucketId} and name = ${name}`,
  );
  if (moved.count === 0) throw noSuchKey();
}

export async function copyObject(
  context: StorageContext,
  place: ObjectPlace,
  target: { readonly bucketId: string; readonly name: string },
): Promise<{ readonly id: string }> {
  const source = await findAsCaller(context, place, "storage.object.copy");
  const { caller } = place;
  await probeUpload(context.sql, { caller, ...target }, false, "storage.object.copy");
  const version = await context.files.copy(source.version ?? "");
  const owner = ownerOf(caller);
  const [copy] = await context.sql<{ id: string }[]>`
    insert into storage.objects (bucket_id, name, owner, owner_id, version, metadata, user_metadata)
    select ${target.bucketId}, ${target.name}, ${owner}, ${owner}, ${version}, metadata, user_metadata
    from storage.objects where id = ${source.id}
    returning id`;
  if (!copy) throw noSuchKey();
  return copy;
}
