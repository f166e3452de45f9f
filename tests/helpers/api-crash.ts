import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { Sql } from "postgres";
import { vi } from "vitest";
import { functionEnv, type RunningFunction, startFunction } from "./api-function.ts";
import { stackEnv } from "./stack-env.ts";

/** What happens to a request that a function sends to Auth; the others pass. */
type Interference = {
  /** Which requests. */
  readonly matches: (method: string, path: string) => boolean;
  /** Before Auth gets it; `false`: Auth never does. */
  readonly before?: () => Promise<boolean>;
  /** When Auth has answered and the function has not heard of it; `false`: it never does. */
  readonly after?: () => Promise<boolean>;
};

/** A function in a process of its own, between which and the services of the stack one can step. */
export type Crashable = {
  readonly url: string;
  /** Ends the process as a crash does: nothing is finished, nothing is said. */
  readonly kill: () => Promise<void>;
  readonly interfere: (interference: Interference) => void;
  readonly dispose: () => Promise<void>;
};

async function pass(
  req: IncomingMessage,
  res: ServerResponse,
  { matches, before, after }: Interference,
): Promise<void> {
  const isIt = matches(req.method ?? "", req.url ?? "");
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk);
  if (isIt && before && !(await before())) return void res.destroy();
  const { host: _, ...headers } = req.headers;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const upstream = request(
      new URL(req.url ?? "/", stackEnv().supabaseUrl),
      { method: req.method, headers },
      resolve,
    );
    upstream.on("error", reject);
    upstream.end(Buffer.concat(chunks));
  });
  const body: Buffer[] = [];
  for await (const chunk of answer) body.push(chunk);
  if (isIt && after && !(await after())) return void res.destroy();
  res.writeHead(answer.statusCode ?? 502, answer.headers).end(Buffer.concat(body));
}

/** Starts a function whose calls to Auth and to the worker go through the test. */
export async function startCrashable(name: string): Promise<Crashable> {
  let interference: Interference = { matches: () => false };
  const proxy = createServer((req, res) => {
    pass(req, res, interference).catch(() => res.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = proxy.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const { supabaseUrl } = stackEnv();
  const running: RunningFunction = await startFunction(
    name,
    functionEnv({
      SUPABASE_URL: `http://127.0.0.1:${port}`,
      JWT_ISSUER: `${supabaseUrl}/auth/v1`,
      // As on the local stack.
      REQUIRE_STAFF_MFA: "off",
    }),
  );
  let killed: Promise<void> | undefined;
  const kill = () => {
    killed ??= running.stop();
    return killed;
  };
  return {
    url: running.url,
    kill,
    interfere: (next) => {
      interference = next;
    },
    dispose: async () => {
      await kill();
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

/** Waits until a function stands in the way of this connection's transaction, and cannot go on. */
export async function waitUntilBlockedBy(sql: Sql, pid: number): Promise<void> {
  await vi.waitFor(
    async () => {
      const blocked = await sql`
        select from pg_stat_activity
        where application_name = 'nff-users' and ${pid} = any (pg_blocking_pids(pid))`;
      if (blocked.length === 0) throw new Error("Nobody waits for this transaction.");
    },
    { timeout: 5_000, interval: 10 },
  );
}
