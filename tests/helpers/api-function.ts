import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { stackEnv } from "./stack-env.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Settings of the local stack, which are public. */
const example = parseEnv(readFileSync(`${root}supabase/functions/.env.example`, "utf8"));

/** A function in a process of its own, as Deno serves it. */
export type RunningFunction = {
  readonly url: string;
  /** What it has written so far: one line of the log each. */
  readonly lines: () => string[];
  readonly stop: () => Promise<void>;
};

/** How a process ended that was to serve a function. */
export type Ended = { readonly code: number | null; readonly output: string };

/** What the platform gives a function, for the database and the services of the running stack. */
export function functionEnv(changes: Record<string, string> = {}): Record<string, string> {
  const { supabaseUrl, publishableKey, secretKey, dbUrl, mockKycUrl } = stackEnv();
  return {
    SUPABASE_URL: supabaseUrl,
    SUPABASE_DB_URL: dbUrl,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: secretKey }),
    CURSOR_SECRET: "a secret of the tests, long enough for it",
    DATABASE_POOL_MAX: "2",
    KYC_PROVIDER: "mock",
    KYC_MOCK_URL: mockKycUrl,
    KYC_MOCK_API_KEY: "a key of the tests",
    KYC_MOCK_WEBHOOK_SECRETS: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    AUDIT_ANCHOR_KEY: example.AUDIT_ANCHOR_KEY ?? "",
    ...changes,
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

function launch(name: string, env: Record<string, string>, port: number) {
  const args = ["serve", "--no-prompt", "--allow-net", "--allow-env", "--allow-read=."];
  const child = spawn("deno", [...args, "--host=127.0.0.1", `--port=${port}`, `${name}/index.ts`], {
    cwd: `${root}supabase/functions`,
    // The command is a script that starts the real program: both belong to one group.
    detached: true,
    env: {
      PATH: `${root}node_modules/.bin:${process.env.PATH}`,
      HOME: process.env.HOME ?? root,
      // The packages that the stack has fetched already.
      DENO_DIR: `${root}.stack/cache/deno`,
      DENO_NO_UPDATE_CHECK: "1",
      NO_COLOR: "1",
      ...env,
    },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code) => resolve({ code, output }));
  });
  const stop = async () => {
    const isRunning = child.exitCode === null && child.signalCode === null;
    if (isRunning && child.pid) process.kill(-child.pid, "SIGKILL");
    await ended;
  };
  return { ended, stop, lines: () => output.split("\n").filter((line) => line.startsWith("{")) };
}

/** Starts a function and waits for its first answer. */
export async function startFunction(
  name: string,
  env: Record<string, string> = functionEnv(),
): Promise<RunningFunction> {
  const port = await freePort();
  const { ended, stop, lines } = launch(name, env, port);
  const url = `http://127.0.0.1:${port}/${name}`;
  const deadline = Date.now() + 15_000;
  let failed: Ended | undefined;
  void ended.then((end) => {
    failed = end;
  });
  while (Date.now() < deadline && !failed) {
    const isUp = await fetch(url).then(
      async (response) => (await response.text()) !== "",
      () => false,
    );
    if (isUp) return { url, lines, stop };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await stop();
  throw new Error(`Function ${name} did not start: ${(await ended).output}`);
}

/** Starts a function that must not start, and says how it ended. */
export async function startRefused(name: string, env: Record<string, string>): Promise<Ended> {
  const { ended, stop } = launch(name, env, await freePort());
  const timer = setTimeout(() => void stop(), 15_000);
  const end = await ended;
  clearTimeout(timer);
  return end;
}
