import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const folder = fileURLToPath(new URL(".", import.meta.url));
const stack = process.env.SUPABASE_URL ?? "http://127.0.0.1:54321";

export default defineConfig({
  root: folder,
  base: "/console/",
  cacheDir: fileURLToPath(new URL("../node_modules/.cache/console", import.meta.url)),
  build: {
    // The oldest browsers that know `light-dark()`.
    target: ["chrome123", "firefox120", "safari17.5"],
    // One bundle for first sight, the rest page by page; nothing inline, because of the policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_000,
  },
  // `npx vite admin-console`: edits show at once, against a stack that runs already.
  server: {
    proxy: Object.fromEntries(
      ["/auth/v1", "/functions/v1", "/storage/v1", "/console/config.json"].map((path) => [
        path,
        stack,
      ]),
    ),
  },
});
