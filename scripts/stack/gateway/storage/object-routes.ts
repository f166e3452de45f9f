import type { Hono } from "hono";
import { z } from "zod";
import { parse, requireBucket } from "./buckets.ts";
import type { StorageBindings, StorageContext, StorageRequest } from "./context.ts";
import type { ObjectRow } from "./database.ts";
import { downloadResponse } from "./download.ts";
import { noSuchBucket, noSuchKey } from "./errors.ts";
import { listBody, listObjects } from "./list.ts";
import {
  copyObject,
  findAsCaller,
  findForGrant,
  moveObject,
  ownerOf,
  probeUpload,
  removeObjects,
} from "./objects.ts";
import { placeOf } from "./paths.ts";
import { readUpload, requireAllowedType, sizeLimitOf, storeUpload } from "./upload.ts";

type App = Hono<{ Bindings: StorageBindings }>;

const removeBody = z.object({ prefixes: z.array(z.string()).min(1).max(1000) });
const relocateBody = z.object({
  bucketId: z.string(),
  sourceKey: z.string(),
  destinationBucket: z.string().nullish(),
  destinationKey: z.string(),
});

async function upload(context: StorageContext, c: StorageRequest, upsert: boolean) {
  const place = placeOf(c, "/object/");
  const { caller } = c.env;
  const bucket = await requireBucket(context.sql, place.bucketId);
  const file = await readUpload(c.req.raw, sizeLimitOf(context, bucket));
  requireAllowedType(bucket, file.mimetype);
  const operation =
    c.req.method === "PUT" ? "storage.object.upload_update" : "storage.object.upload";
  await probeUpload(context.sql, { caller, ...place }, upsert, operation, file);
  const { id } = await storeUpload(context, { ...place, owner: ownerOf(caller), upsert }, file);
  return c.json({ Id: id, Key: `${place.bucketId}/${place.name}` });
}

const presentInfo = (row: ObjectRow) => ({
  id: row.id,
  name: row.name,
  version: row.version,
  bucket_id: row.bucket_id,
  size: row.metadata?.size,
  content_type: row.metadata?.mimetype,
  cache_control: row.metadata?.cacheControl,
  etag: row.metadata?.eTag,
  last_modified: row.metadata?.lastModified,
  metadata: row.user_metadata ?? {},
  created_at: row.created_at,
  updated_at: row.updated_at,
});

function addReading(app: App, context: StorageContext): void {
  app.get("/object/public/:bucket/*", async (c) => {
    const { bucketId, name } = placeOf(c, "/object/public/");
    if (!(await requireBucket(context.sql, bucketId)).public) throw noSuchBucket();
    return downloadResponse(context, c.req.raw, await findForGrant(context, bucketId, name));
  });
  for (const prefix of ["/object/info/authenticated/", "/object/info/"] as const) {
    app.get(`${prefix}:bucket/*`, async (c) => {
      const place = { caller: c.env.caller, ...placeOf(c, prefix) };
      return c.json(
        presentInfo(await findAsCaller(context, place, "object.get_authenticated_info")),
      );
    });
  }
  for (const prefix of ["/object/authenticated/", "/object/"] as const) {
    app.get(`${prefix}:bucket/*`, async (c) => {
      const place = { caller: c.env.caller, ...placeOf(c, prefix) };
      const row = await findAsCaller(context, place, "storage.object.get_authenticated");
      return downloadResponse(context, c.req.raw, row);
    });
  }
}

function addRelocating(app: App, context: StorageContext): void {
  const read = async (c: StorageRequest) => {
    const body = parse(relocateBody, await c.req.json());
    const { bucketId, sourceKey, destinationBucket, destinationKey } = body;
    return {
      source: { caller: c.env.caller, bucketId, name: sourceKey },
      target: { bucketId: destinationBucket ?? bucketId, name: destinationKey },
    };
  };
  app.post("/object/move", async (c) => {
    const { source, target } = await read(c);
    await moveObject(context, source, target);
    return c.json({ message: "Successfully moved" });
  });
  app.post("/object/copy", async (c) => {
    const { source, target } = await read(c);
    const { id } = await copyObject(context, source, target);
    return c.json({ Id: id, Key: `${target.bucketId}/${target.name}` });
  });
}

export function addObjects(app: App, context: StorageContext): void {
  app.post("/object/list/:bucket", async (c) => {
    const options = parse(listBody, await c.req.json());
    return c.json(await listObjects(context, c.env.caller, c.req.param("bucket"), options));
  });
  addRelocating(app, context);
  app.delete("/object/:bucket", async (c) => {
    const { prefixes } = parse(removeBody, await c.req.json());
    return c.json(await removeObjects(context, c.env.caller, c.req.param("bucket"), prefixes));
  });
  app.delete("/object/:bucket/*", async (c) => {
    const { bucketId, name } = placeOf(c, "/object/");
    const [removed] = await removeObjects(context, c.env.caller, bucketId, [name]);
    if (!removed) throw noSuchKey();
    return c.json({ message: "Successfully deleted" });
  });
  addReading(app, context);
  app.post("/object/:bucket/*", (c) => upload(context, c, c.req.header("x-upsert") === "true"));
  app.put("/object/:bucket/*", (c) => upload(context, c, true));
}
