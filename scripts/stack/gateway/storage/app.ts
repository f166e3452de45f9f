import { Hono } from "hono";
import { logProblem } from "../log.ts";
import { addBuckets } from "./bucket-routes.ts";
import type { StorageBindings, StorageContext } from "./context.ts";
import { StorageError, storageErrorResponse } from "./errors.ts";
import { addObjects } from "./object-routes.ts";
import { addSigned } from "./signed-routes.ts";

/** Supabase Storage as supabase-js calls it; paths are relative to `/storage/v1`. */
export function createStorageApp(context: StorageContext): Hono<{ Bindings: StorageBindings }> {
  const app = new Hono<{ Bindings: StorageBindings }>();
  app.onError((error, c) => {
    if (error instanceof SyntaxError) {
      const message = "Body is not valid JSON";
      return storageErrorResponse(new StorageError(400, "InvalidRequest", message));
    }
    if (!(error instanceof StorageError)) {
      logProblem(`storage: ${c.req.method} ${c.req.path}`, error);
    }
    return storageErrorResponse(error);
  });
  app.notFound((c) => {
    const message = `Route ${c.req.method}:${c.req.path} not found`;
    return Response.json({ message, error: "Not Found", statusCode: 404 }, { status: 404 });
  });
  app.get("/status", (c) => c.json({ status: "ok" }));
  addBuckets(app, context);
  addSigned(app, context);
  addObjects(app, context);
  return app;
}
