import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Hono } from "hono";
import { z } from "zod";

/** Everything comes from this origin, and nothing inline runs. Swagger UI draws with data: images. */
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const ASSETS: Record<string, string> = {
  "swagger-ui.css": "text/css",
  "swagger-ui-bundle.js": "text/javascript",
};

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>API</title>
<link rel="stylesheet" href="swagger-ui.css">
<link rel="icon" href="data:,">
</head>
<body>
<div id="ui"></div>
<script src="swagger-ui-bundle.js"></script>
<script src="start.js"></script>
</body>
</html>
`;

const START = `SwaggerUIBundle({ url: "openapi.json", dom_id: "#ui", deepLinking: true, validatorUrl: null });\n`;

const contract = z.looseObject({ servers: z.unknown() });

/** The contract, with this stack as its server, so that "try it out" reaches it. */
async function readContract(file: string, origin: string): Promise<unknown> {
  const document = contract.parse(JSON.parse(await readFile(file, "utf8")));
  return { ...document, servers: [{ url: `${origin}/functions/v1`, description: "this stack" }] };
}

/** `/docs/`: the contract in Swagger UI, without anything from another host. */
export function createDocsApp(contractFile: string | undefined): Hono {
  const folder = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  const app = new Hono();
  app.use(async (c, next) => {
    c.header("Content-Security-Policy", CSP);
    c.header("X-Content-Type-Options", "nosniff");
    c.header("Referrer-Policy", "no-referrer");
    await next();
  });
  app.get("/", (c) => c.html(PAGE));
  app.get("/start.js", (c) => c.body(START, 200, { "Content-Type": "text/javascript" }));
  app.get("/openapi.json", async (c) => {
    if (!contractFile)
      return c.json({ message: "This stack was started without a contract." }, 404);
    try {
      return c.json(await readContract(contractFile, new URL(c.req.url).origin));
    } catch {
      return c.json({ message: "The contract is missing: run npm run generate." }, 404);
    }
  });
  app.get("/:asset", async (c) => {
    const type = ASSETS[c.req.param("asset")];
    if (!type) return c.notFound();
    const bytes = await readFile(join(folder, c.req.param("asset")));
    return c.body(new Uint8Array(bytes), 200, {
      "Content-Type": type,
      "Cache-Control": "public, max-age=86400",
    });
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
