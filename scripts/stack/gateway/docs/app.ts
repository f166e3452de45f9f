import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Context, Hono } from "hono";
import { z } from "zod";
import { DEMO_PASSWORD, type DemoAccount } from "../../demo-accounts.ts";
import { pageLinks, renderMarkdown } from "./markdown.ts";
import { renderPage } from "./page.ts";

/** Everything comes from this origin, and nothing inline runs. Swagger UI draws with data: images. */
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const PAGES = folder("../../../../docs/");
const ASSETS = folder("assets/");
const SWAGGER_UI = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));

/** The files beside the pages, each with its folder and type; nothing else is served. */
const FILES: Record<string, readonly [folder: string, type: string]> = {
  "docs.css": [ASSETS, "text/css; charset=utf-8"],
  "try-it.js": [ASSETS, "text/javascript; charset=utf-8"],
  "swagger-ui.css": [SWAGGER_UI, "text/css; charset=utf-8"],
  "swagger-ui-bundle.js": [SWAGGER_UI, "text/javascript; charset=utf-8"],
};

const API_HEAD = `<link rel="stylesheet" href="../swagger-ui.css">
<script src="../swagger-ui-bundle.js" defer></script>
<script src="../try-it.js" type="module"></script>
`;

const API_BODY = `<h1>API reference</h1>
<form id="try-it">
<label for="account">Try it as</label>
<select id="account"></select>
<button>Sign in</button>
<output id="signed-in" for="account"></output>
</form>
<div id="ui"></div>`;

export interface DocsOptions {
  /** The bundled contract; without it the API reference says what to do. */
  readonly contractFile: string | undefined;
  readonly publishableKey: string;
  readonly listAccounts: () => Promise<readonly DemoAccount[]>;
}

const contract = z.looseObject({ servers: z.unknown() });

/** The contract, with this stack as its server, so that "try it out" reaches it. */
async function readContract(file: string, origin: string): Promise<unknown> {
  const document = contract.parse(JSON.parse(await readFile(file, "utf8")));
  return { ...document, servers: [{ url: `${origin}/functions/v1`, description: "this stack" }] };
}

async function readGuide(name: string): Promise<string | undefined> {
  return readFile(join(PAGES, `${name}.md`), "utf8").catch(() => undefined);
}

async function guides() {
  return pageLinks((await readGuide("README")) ?? "");
}

async function sendFile(c: Context, path: string, type: string): Promise<Response> {
  try {
    const bytes = new Uint8Array(await readFile(path));
    return c.body(bytes, 200, { "Content-Type": type, "Cache-Control": "no-cache" });
  } catch {
    return c.notFound();
  }
}

async function guide(c: Context, name: string, path: string): Promise<Response> {
  const source = await readGuide(name);
  if (source === undefined) return c.notFound();
  const { title, html } = renderMarkdown(source);
  return c.html(
    renderPage({ title, path, up: "./", body: `<article>${html}</article>` }, await guides()),
  );
}

function addReference(app: Hono, options: DocsOptions): void {
  app.get("/api", (c) => c.redirect("./api/", 308));
  app.get("/api/", async (c) =>
    c.html(
      renderPage(
        { title: "API reference", path: "api/", up: "../", head: API_HEAD, body: API_BODY },
        await guides(),
      ),
    ),
  );
  app.get("/openapi.json", async (c) => {
    if (!options.contractFile)
      return c.json({ message: "This stack was started without a contract." }, 404);
    try {
      return c.json(await readContract(options.contractFile, new URL(c.req.url).origin));
    } catch {
      return c.json({ message: "The contract is missing: run npm run generate." }, 404);
    }
  });
  app.get("/stack.json", async (c) => {
    const accounts = await options.listAccounts().catch(() => []);
    const { publishableKey } = options;
    return c.json({ publishable_key: publishableKey, password: DEMO_PASSWORD, accounts });
  });
}

/** `/docs/`: the guides of `docs/`, and the contract in Swagger UI, without anything from another host. */
export function createDocsApp(options: DocsOptions): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    c.header("Content-Security-Policy", CSP);
    c.header("X-Content-Type-Options", "nosniff");
    c.header("Referrer-Policy", "no-referrer");
    await next();
  });
  addReference(app, options);
  app.get("/", (c) => guide(c, "README", ""));
  app.get("/images/:name{[a-z0-9-]+\\.png}", (c) =>
    sendFile(c, join(PAGES, "images", c.req.param("name")), "image/png"),
  );
  app.get("/:name{[a-z0-9-]+\\.svg}", (c) =>
    sendFile(c, join(PAGES, c.req.param("name")), "image/svg+xml"),
  );
  app.get("/:name{[a-z0-9-]+}", (c) => guide(c, c.req.param("name"), c.req.param("name")));
  app.get("/:asset", async (c) => {
    const [from, type] = FILES[c.req.param("asset")] ?? [];
    if (!from || !type) return c.notFound();
    return sendFile(c, join(from, c.req.param("asset")), type);
  });
  return app;
}

const PATHS = ["/docs/", "/auth/v1/", "/rest/v1/", "/storage/v1/", "/functions/v1/"];

/** `/`: where everything is. */
export function indexPage(origin: string, mailUrl: string): Response {
  const items = [...PATHS.map((path) => origin + path), mailUrl].map(
    (url) => `<li><a href="${url}">${url}</a></li>`,
  );
  const body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Local stack</title><ul>${items.join("")}</ul></html>`;
  return new Response(body, {
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": "default-src 'none'",
      "X-Content-Type-Options": "nosniff",
    },
  });
}
