import { createServer } from "node:http";
import { build } from "esbuild";
import { close, listen } from "../../fidelity/lib/front.ts";

/**
 * A front end of one page: supabase-js in the browser with the PKCE flow. It does not exchange codes by
 * itself, so that tests do it.
 */
const SOURCE = `
  import { createClient } from "@supabase/supabase-js";
  const settings = document.documentElement.dataset;
  const { auth } = createClient(settings.url, settings.key, {
    auth: { flowType: "pkce", detectSessionInUrl: false, autoRefreshToken: false },
  });
  globalThis.startSignIn = (provider, redirectTo) =>
    auth.signInWithOAuth({ provider, options: { redirectTo } });
  globalThis.finishSignIn = async (code) => {
    const { data, error } = await auth.exchangeCodeForSession(code);
    return { error: error && error.code, session: data.session };
  };
  document.body.textContent = "ready";
`;

export interface Application {
  readonly origin: string;
  /** Tells the page where its Supabase is. */
  connect(url: string, key: string): void;
  close(): Promise<void>;
}

export async function startApplication(): Promise<Application> {
  const bundle = await build({
    stdin: { contents: SOURCE, resolveDir: process.cwd() },
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    logLevel: "error",
  });
  const script = bundle.outputFiles[0]?.text ?? "";
  let attributes = "";
  const server = createServer((req, res) => {
    const isScript = req.url === "/app.js";
    res.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    const page = `<!doctype html><html ${attributes}><body><script type="module" src="/app.js"></script></body></html>`;
    res.end(isScript ? script : page);
  });
  const origin = `http://127.0.0.1:${await listen(server)}`;
  return {
    origin,
    connect(url, key) {
      attributes = `data-url="${url}" data-key="${key}"`;
    },
    close: () => close(server),
  };
}
