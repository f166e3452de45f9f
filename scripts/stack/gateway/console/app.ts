import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { type Context, Hono } from "hono";
import { securityHeaders } from "./security-headers.ts";

export interface ConsoleSettings {
  /** Folder of the build; it may still be on its way. */
  readonly folder: string | undefined;
  readonly publishableKey: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".html": "text/html; charset=utf-8",
};

const ENCODINGS = [
  ["br", ".br"],
  ["gzip", ".gz"],
] as const;

/** The name carries a hash of the content, so an address never changes its meaning. */
const FOR_EVER = "public, max-age=31536000, immutable";
const ASK_EACH_TIME = "no-cache";

const MISSING = "The console is being built. This page loads again by itself.";

/** A file of the build, in the smallest form that the browser takes. */
async function file(c: Context, path: string, cacheControl: string): Promise<Response> {
  const accepted = c.req.header("accept-encoding") ?? "";
  const [encoding, suffix] = ENCODINGS.find(
    ([name, end]) => accepted.includes(name) && existsSync(path + end),
  ) ?? [undefined, ""];
  if (encoding) c.header("Content-Encoding", encoding);
  return c.body(new Uint8Array(await readFile(path + suffix)), 200, {
    "Content-Type": TYPES[extname(path)] ?? "application/octet-stream",
    "Cache-Control": cacheControl,
    Vary: "Accept-Encoding",
  });
}

/** `/console/`: the back office as static files, with what it has to know of this stack. */
export function createConsoleApp({ folder, publishableKey }: ConsoleSettings): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    for (const [name, value] of Object.entries(securityHeaders())) c.header(name, value);
    await next();
  });
  app.get("/config.json", (c) => {
    c.header("Cache-Control", ASK_EACH_TIME);
    // Without an address the console asks its own origin, which is the stack's.
    return c.json({ publishable_key: publishableKey });
  });
  app.get("/assets/:name{[A-Za-z0-9_.-]+}", async (c) => {
    const path = join(folder ?? "", "assets", c.req.param("name"));
    if (!folder || !TYPES[extname(path)] || !existsSync(path)) return c.notFound();
    return file(c, path, FOR_EVER);
  });
  app.get("/assets/*", (c) => c.notFound());
  app.get("/icon.svg", async (c) => {
    if (!folder || !existsSync(join(folder, "icon.svg"))) return c.notFound();
    return file(c, join(folder, "icon.svg"), ASK_EACH_TIME);
  });
  // Every other address is a page of the application, which finds its own way.
  app.get("*", async (c) => {
    const page = join(folder ?? "", "index.html");
    if (!folder || !existsSync(page))
      return c.text(MISSING, 503, { "Retry-After": "1", Refresh: "1" });
    return file(c, page, ASK_EACH_TIME);
  });
  return app;
}
