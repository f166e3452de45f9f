/**
 * Builds the console for a web server of your own.
 *
 *   npm run console:build -- --url https://<ref>.supabase.co --key sb_publishable_… [--out dist/console]
 *
 * Writes the files, `config.json` with the address and the publishable key, and `_headers` with the
 * headers that the server has to send.
 */
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { buildConsole } from "./stack/console/build.ts";
import { securityHeaders } from "./stack/gateway/console/security-headers.ts";
import { checkoutRoot } from "./stack/paths.ts";

const USAGE =
  "Usage: npm run console:build -- --url https://<ref>.supabase.co --key sb_publishable_… [--out PATH]";

const Options = z.object({
  url: z.url().transform((url) => new URL(url).origin),
  key: z.string().startsWith("sb_publishable_"),
  out: z.string(),
});

function readOptions() {
  const { values } = parseArgs({
    options: {
      url: { type: "string" },
      key: { type: "string" },
      out: { type: "string", default: "dist/console" },
    },
  });
  const options = Options.safeParse(values);
  if (options.success) return options.data;
  throw new Error(`${USAGE}\n${z.prettifyError(options.error)}`);
}

/** The form that static hosts read; others find the same values in it. */
function headersFile(api: string): string {
  const always = Object.entries(securityHeaders(api)).map(([name, value]) => `  ${name}: ${value}`);
  return [
    "/console/*",
    ...always,
    "  Strict-Transport-Security: max-age=63072000; includeSubDomains",
    "  Cache-Control: no-cache",
    "/console/assets/*",
    "  Cache-Control: public, max-age=31536000, immutable",
    "",
  ].join("\n");
}

try {
  const { url, key, out } = readOptions();
  const folder = resolve(out);
  await buildConsole(checkoutRoot(), folder);
  const settings = { supabase_url: url, publishable_key: key, idle_minutes: 15 };
  await writeFile(join(folder, "config.json"), `${JSON.stringify(settings, null, 2)}\n`);
  await writeFile(join(folder, "_headers"), headersFile(url));
  console.log(
    `Built ${folder}. Serve it at /console/, with index.html for every other address below.`,
  );
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
