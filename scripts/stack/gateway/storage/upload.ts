import { z } from "zod";
import { requireBucket } from "./buckets.ts";
import type { StorageContext } from "./context.ts";
import type { BucketRow, Db, ObjectMetadata, ObjectRow } from "./database.ts";
import { translate } from "./database.ts";
import { invalidKey, invalidMimeType, invalidRequest, keyExists, tooLarge } from "./errors.ts";
import { chunksOf } from "./files.ts";

/** What S3 accepts as a key, and letters of every script. */
const VALID_KEY = /^[\p{L}\p{N}\p{M}_/!\-.*'() &$@=;:+,?]+$/u;
const MAX_KEY_BYTES = 1024;
/** Room for the other parts of a multipart body. */
const MULTIPART_OVERHEAD = 64 * 1024;

export function requireValidKey(key: string): void {
  const valid = VALID_KEY.test(key) && Buffer.byteLength(key) <= MAX_KEY_BYTES;
  if (!valid || key.split("/").some((part) => part === ".." || part === ".")) throw invalidKey(key);
}

/** A file as a client sent it, with what it said about it. */
export interface IncomingFile {
  readonly body: ReadableStream<Uint8Array> | Uint8Array | null;
  readonly mimetype: string;
  readonly cacheControl: string;
  readonly contentLength: number | undefined;
  readonly userMetadata: Record<string, unknown> | undefined;
}

const userMetadata = z.record(z.string(), z.unknown());

function parseUserMetadata(text: string | undefined): Record<string, unknown> | undefined {
  if (!text) return undefined;
  try {
    return userMetadata.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

const bare = (type: string) => type.split(";", 1)[0]?.trim() || "application/octet-stream";

function maxAge(text: string | undefined): string {
  if (!text) return "no-cache";
  return /^\d+$/.test(text) ? `max-age=${text}` : text;
}

/** Stops reading a body that is longer than it may be. */
function atMost(body: ReadableStream<Uint8Array>, limit: number): ReadableStream<Uint8Array> {
  let size = 0;
  return body.pipeThrough(
    new TransformStream({
      transform(chunk: Uint8Array, controller) {
        size += chunk.byteLength;
        if (size > limit) controller.error(tooLarge());
        else controller.enqueue(chunk);
      },
    }),
  );
}

async function readForm(request: Request, limit: number): Promise<IncomingFile> {
  const headers = { "content-type": request.headers.get("content-type") ?? "" };
  const body = request.body && atMost(request.body, limit + MULTIPART_OVERHEAD);
  const form = await new Response(body, { headers }).formData();
  const file = [...form.values()].find((value) => value instanceof File);
  if (!file) throw invalidRequest("No content provided");
  const text = (name: string) => {
    const value = form.get(name);
    return typeof value === "string" ? value : undefined;
  };
  const given = text("contentType") ?? file.type;
  return {
    body: new Uint8Array(await file.arrayBuffer()),
    mimetype: bare(given),
    cacheControl: maxAge(text("cacheControl")),
    contentLength: file.size,
    userMetadata: parseUserMetadata(text("metadata")),
  };
}

/** Reads an upload in either form that clients use: a form with one file, or the bare bytes. */
export async function readUpload(request: Request, limit: number): Promise<IncomingFile> {
  const { headers } = request;
  const announced = headers.get("content-length");
  const contentLength = announced === null ? undefined : Number(announced);
  const type = headers.get("content-type") ?? "application/octet-stream";
  const isForm = type.startsWith("multipart/form-data");
  if (contentLength !== undefined && contentLength > limit + (isForm ? MULTIPART_OVERHEAD : 0)) {
    throw tooLarge();
  }
  if (isForm) return readForm(request, limit);
  const metadata = headers.get("x-metadata");
  return {
    body: request.body,
    mimetype: bare(type),
    cacheControl: maxAge(headers.get("cache-control") ?? undefined),
    contentLength,
    userMetadata: parseUserMetadata(
      metadata ? Buffer.from(metadata, "base64").toString("utf8") : undefined,
    ),
  };
}

export function sizeLimitOf({ config }: StorageContext, bucket: BucketRow): number {
  return Math.min(bucket.file_size_limit ?? Number.POSITIVE_INFINITY, config.file_size_limit);
}

export function requireAllowedType(bucket: BucketRow, mimetype: string): void {
  const allowed = bucket.allowed_mime_types ?? [];
  if (allowed.length === 0) return;
  const fits = allowed.some(
    (type) => type === mimetype || (type.endsWith("/*") && mimetype.startsWith(type.slice(0, -1))),
  );
  if (!fits) throw invalidMimeType(mimetype);
}

export interface UploadTarget {
  readonly bucketId: string;
  readonly name: string;
  readonly owner: string | null;
  readonly upsert: boolean;
}

async function save(
  db: Db,
  target: UploadTarget,
  file: IncomingFile,
  metadata: ObjectMetadata,
  version: string,
) {
  const { bucketId, name, owner } = target;
  const custom = file.userMetadata ? JSON.stringify(file.userMetadata) : null;
  const [former] = await db<ObjectRow[]>`
    select * from storage.objects where bucket_id = ${bucketId} and name = ${name} for update`;
  if (former && !target.upsert) throw keyExists();
  const [stored] = await db<{ id: string }[]>`
    insert into storage.objects (bucket_id, name, owner, owner_id, version, metadata, user_metadata)
    values (${bucketId}, ${name}, ${owner}, ${owner}, ${version},
      ${JSON.stringify(metadata)}::text::jsonb, ${custom}::text::jsonb)
    on conflict (bucket_id, name) do update set owner = excluded.owner, owner_id = excluded.owner_id,
      version = excluded.version, metadata = excluded.metadata, user_metadata = excluded.user_metadata
    where ${target.upsert}
    returning id`;
  if (!stored) throw keyExists();
  return { id: stored.id, former: former?.version ?? null };
}

/** Writes the bytes, then the row; whichever fails, no bytes stay behind. */
export async function storeUpload(
  context: StorageContext,
  target: UploadTarget,
  file: IncomingFile,
): Promise<{ readonly id: string }> {
  const bucket = await requireBucket(context.sql, target.bucketId);
  requireAllowedType(bucket, file.mimetype);
  const stored = await context.files.write(chunksOf(file.body), sizeLimitOf(context, bucket));
  const metadata: ObjectMetadata = {
    eTag: `"${stored.md5}"`,
    size: stored.size,
    mimetype: file.mimetype,
    cacheControl: file.cacheControl,
    lastModified: new Date().toISOString(),
    contentLength: stored.size,
    httpStatusCode: 200,
  };
  try {
    const saved = await context.sql.begin((tx) => save(tx, target, file, metadata, stored.version));
    await context.files.remove(saved.former);
    return { id: saved.id };
  } catch (error) {
    await context.files.remove(stored.version);
    throw translate(error);
  }
}
