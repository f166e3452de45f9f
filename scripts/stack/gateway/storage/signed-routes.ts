import type { Hono } from "hono";
import { z } from "zod";
import { parse, requireBucket } from "./buckets.ts";
import type { StorageBindings, StorageContext, StorageRequest } from "./context.ts";
import { downloadResponse } from "./download.ts";
import { findAsCaller, findForGrant, namesAsCaller, ownerOf, probeUpload } from "./objects.ts";
import { placeOf, urlOf } from "./paths.ts";
import { UPLOAD_URL_SECONDS } from "./signed-urls.ts";
import { readUpload, sizeLimitOf, storeUpload } from "./upload.ts";

const signBody = z.object({ expiresIn: z.int().min(1) });
const signManyBody = signBody.extend({ paths: z.array(z.string()).max(1000) });

async function tokenPath(
  { signedUrls }: StorageContext,
  place: { readonly bucketId: string; readonly name: string },
  expiresIn: number,
): Promise<string> {
  const url = urlOf(place.bucketId, place.name);
  const token = await signedUrls.sign({ url, use: "download", upsert: false }, expiresIn);
  return `/object/sign/${url}?token=${token}`;
}

async function signDownload(
  context: StorageContext,
  c: StorageRequest,
  place: { readonly bucketId: string; readonly name: string },
  expiresIn: number,
): Promise<string> {
  const { caller } = c.env;
  await findAsCaller(context, { caller, ...place }, "storage.object.sign");
  return tokenPath(context, place, expiresIn);
}

/** Looks all of them up at once, as the platform does. */
async function signMany(
  context: StorageContext,
  c: StorageRequest,
  { paths, expiresIn }: z.output<typeof signManyBody>,
) {
  const bucketId = c.req.param("bucket") ?? "";
  const { caller } = c.env;
  const wanted = { caller, bucketId, names: paths };
  const found = await namesAsCaller(context, wanted, "storage.object.sign_many");
  const error = "Either the object does not exist or you do not have access to it";
  return Promise.all(
    paths.map(async (path) =>
      found.has(path)
        ? {
            error: null,
            path,
            signedURL: await tokenPath(context, { bucketId, name: path }, expiresIn),
          }
        : { error, path, signedURL: null },
    ),
  );
}

/** Without credentials: the token says it all, so these stand apart from the caller's own routes. */
export function addSigned(app: Hono<{ Bindings: StorageBindings }>, context: StorageContext): void {
  app.get("/object/sign/:bucket/*", async (c) => {
    const { bucketId, name } = placeOf(c, "/object/sign/");
    await context.signedUrls.open(c.req.query("token"), urlOf(bucketId, name), "download");
    return downloadResponse(context, c.req.raw, await findForGrant(context, bucketId, name));
  });
  app.put("/object/upload/sign/:bucket/*", async (c) => {
    const { bucketId, name } = placeOf(c, "/object/upload/sign/");
    const url = urlOf(bucketId, name);
    const grant = await context.signedUrls.open(c.req.query("token"), url, "upload");
    const bucket = await requireBucket(context.sql, bucketId);
    const file = await readUpload(c.req.raw, sizeLimitOf(context, bucket));
    const target = { bucketId, name, owner: grant.owner ?? null, upsert: grant.upsert };
    await storeUpload(context, target, file);
    return c.json({ Key: url });
  });
  app.post("/object/upload/sign/:bucket/*", async (c) => {
    const place = placeOf(c, "/object/upload/sign/");
    const { caller } = c.env;
    const upsert = c.req.header("x-upsert") === "true";
    await probeUpload(context.sql, { caller, ...place }, upsert, "storage.object.sign_upload_url");
    const url = urlOf(place.bucketId, place.name);
    const grant = { url, use: "upload", owner: ownerOf(caller), upsert } as const;
    const token = await context.signedUrls.sign(grant, UPLOAD_URL_SECONDS);
    const path = url.split("/").map(encodeURIComponent).join("/");
    return c.json({ url: `/object/upload/sign/${path}?token=${token}`, token });
  });
  app.post("/object/sign/:bucket", async (c) =>
    c.json(await signMany(context, c, parse(signManyBody, await c.req.json()))),
  );
  app.post("/object/sign/:bucket/*", async (c) => {
    const { expiresIn } = parse(signBody, await c.req.json());
    const place = placeOf(c, "/object/sign/");
    return c.json({ signedURL: await signDownload(context, c, place, expiresIn) });
  });
}
