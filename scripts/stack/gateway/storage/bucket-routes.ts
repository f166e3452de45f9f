import type { Hono } from "hono";
import {
  bucketBody,
  createBucket,
  deleteBucket,
  emptyBucket,
  getBucket,
  listBuckets,
  newBucketBody,
  parse,
  updateBucket,
} from "./buckets.ts";
import type { StorageBindings, StorageContext } from "./context.ts";

export function addBuckets(
  app: Hono<{ Bindings: StorageBindings }>,
  context: StorageContext,
): void {
  app.post("/bucket", async (c) => {
    const body = parse(newBucketBody, await c.req.json());
    return c.json({ name: await createBucket(context, c, body) });
  });
  app.get("/bucket", async (c) => c.json(await listBuckets(context, c)));
  app.get("/bucket/:id", async (c) => c.json(await getBucket(context, c, c.req.param("id"))));
  app.put("/bucket/:id", async (c) => {
    await updateBucket(context, c, c.req.param("id"), parse(bucketBody, await c.req.json()));
    return c.json({ message: "Successfully updated" });
  });
  app.delete("/bucket/:id", async (c) => {
    await deleteBucket(context, c, c.req.param("id"));
    return c.json({ message: "Successfully deleted" });
  });
  app.post("/bucket/:id/empty", async (c) => {
    await emptyBucket(context, c, c.req.param("id"));
    return c.json({
      message: "Empty bucket has been queued. Completion may take up to an hour.",
    });
  });
}
