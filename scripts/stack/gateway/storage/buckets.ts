import type { Sql } from "postgres";
import { z } from "zod";
import type { StorageToml } from "../config-toml.ts";
import type { StorageContext, StorageRequest } from "./context.ts";
import { asCaller, type BucketRow, type Db } from "./database.ts";
import {
  bucketExists,
  bucketNotEmpty,
  invalidRequest,
  noSuchBucket,
  StorageError,
} from "./errors.ts";

const sizeLimit = z.union([z.number().int().min(0), z.string().regex(/^\d+$/).transform(Number)]);
const settings = {
  public: z.boolean().default(false),
  file_size_limit: sizeLimit.nullish(),
  allowed_mime_types: z.array(z.string()).nullish(),
};
export const newBucketBody = z.object({
  id: z.string().optional(),
  name: z.string().regex(/^[^/\\]{1,100}$/),
  ...settings,
});
export const bucketBody = z.object(settings).partial();

const columns = (db: Db) => db`
  id, name, owner, coalesce(public, false) as public, file_size_limit::float8 as file_size_limit,
  allowed_mime_types, created_at, updated_at`;

/** Seen by Storage itself: whether a bucket exists, and its limits, bind everybody. */
export async function requireBucket(db: Db, id: string): Promise<BucketRow> {
  const [bucket] = await db<BucketRow[]>`
    select ${columns(db)} from storage.buckets where id = ${id}`;
  if (!bucket) throw noSuchBucket();
  return bucket;
}

export async function createBucket(
  { sql }: StorageContext,
  c: StorageRequest,
  body: z.output<typeof newBucketBody>,
): Promise<string> {
  const owner = c.env.caller.claims?.sub ?? null;
  try {
    await asCaller(
      sql,
      c.env.caller,
      "storage.bucket.create",
      (tx) =>
        tx`insert into storage.buckets ${tx({
          id: body.id ?? body.name,
          name: body.name,
          owner,
          owner_id: owner,
          public: body.public,
          file_size_limit: body.file_size_limit ?? null,
          allowed_mime_types: body.allowed_mime_types ?? null,
        })}`,
    );
  } catch (error) {
    if (error instanceof StorageError && error.code === "KeyAlreadyExists") throw bucketExists();
    throw error;
  }
  return body.name;
}

export async function listBuckets({ sql }: StorageContext, c: StorageRequest) {
  return asCaller(
    sql,
    c.env.caller,
    "storage.bucket.list",
    (tx) => tx<BucketRow[]>`select ${columns(tx)} from storage.buckets order by id`,
  );
}

export async function getBucket({ sql }: StorageContext, c: StorageRequest, id: string) {
  return asCaller(sql, c.env.caller, "storage.bucket.get", (tx) => requireBucket(tx, id));
}

export async function updateBucket(
  { sql }: StorageContext,
  c: StorageRequest,
  id: string,
  body: z.output<typeof bucketBody>,
): Promise<void> {
  const changes = Object.fromEntries(
    Object.entries(body).filter(([, value]) => value !== undefined),
  );
  const updated = await asCaller(
    sql,
    c.env.caller,
    "storage.bucket.update",
    (tx) =>
      tx`update storage.buckets set ${tx({ ...changes, updated_at: new Date() })} where id = ${id}`,
  );
  if (updated.count === 0) throw noSuchBucket();
}

export async function deleteBucket({ sql }: StorageContext, c: StorageRequest, id: string) {
  const [used] = await sql`select from storage.objects where bucket_id = ${id} limit 1`;
  if (used) throw bucketNotEmpty();
  const deleted = await asCaller(
    sql,
    c.env.caller,
    "storage.bucket.delete",
    (tx) => tx`delete from storage.buckets where id = ${id}`,
  );
  if (deleted.count === 0) throw noSuchBucket();
}

export async function emptyBucket(context: StorageContext, c: StorageRequest, id: string) {
  await getBucket(context, c, id);
  const rows = await asCaller(
    context.sql,
    c.env.caller,
    "storage.bucket.empty",
    (tx) =>
      tx<{ version: string | null }[]>`
      delete from storage.objects where bucket_id = ${id} returning version`,
  );
  await Promise.all(rows.map(({ version }) => context.files.remove(version)));
}

/** The buckets of config.toml exist from the first start on, as after `supabase start`. */
export async function createConfiguredBuckets(sql: Sql, { buckets }: StorageToml): Promise<void> {
  for (const [id, bucket] of Object.entries(buckets)) {
    await sql`
      insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
      values (${id}, ${id}, ${bucket.public}, ${bucket.file_size_limit ?? null},
        ${bucket.allowed_mime_types ?? null})
      on conflict (id) do update set public = excluded.public,
        file_size_limit = excluded.file_size_limit, allowed_mime_types = excluded.allowed_mime_types`;
  }
}

export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalidRequest(`body/${issue?.path.join("/") ?? ""} ${issue?.message ?? "is not valid"}`);
}
