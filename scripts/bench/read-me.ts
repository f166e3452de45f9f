import type { BenchContext } from "./context.ts";
import { type DenoProcess, startDeno } from "./deno-process.ts";
import { type LoadResult, measure } from "./load.ts";
import { createPeople } from "./people.ts";
import type { Figure } from "./report.ts";

const CONNECTIONS = 16;
const SECONDS = 5;
const WARM_UP_SECONDS = 2;
const CONFIG = "scripts/bench/handlers/deno.json";

async function run(url: string, headers: Record<string, string>): Promise<LoadResult> {
  await measure({ url, headers, connections: CONNECTIONS, seconds: WARM_UP_SECONDS });
  return await measure({ url, headers, connections: CONNECTIONS, seconds: SECONDS });
}

async function compare(
  process: DenoProcess,
  path: string,
  headers: Record<string, string>,
): Promise<LoadResult> {
  try {
    return await run(process.url + path, headers);
  } finally {
    await process.stop();
  }
}

/** GET /users/me beside the same transaction without any of our code, and beside supabase-js. */
export async function readMe(context: BenchContext): Promise<Figure[]> {
  const { stack } = context;
  const [person] = await createPeople(context, 1);
  if (!person) throw new Error("There is nobody to read.");
  const headers = { authorization: `Bearer ${person.token}`, apikey: stack.publishableKey };
  const env = {
    DATABASE_URL: stack.dbUrl,
    SUPABASE_URL: stack.apiUrl,
    BENCH_PUBLISHABLE_KEY: stack.publishableKey,
    BENCH_USER_ID: person.userId,
  };
  const handler = (name: string) =>
    startDeno({ config: CONFIG, entry: `scripts/bench/handlers/${name}.ts`, env, path: "/" });

  const bare = await compare(await handler("bare"), "/", headers);
  const direct = await run(`${stack.functionUrl("users")}/me`, headers);
  const gateway = await run(`${stack.apiUrl}/functions/v1/users/me`, headers);
  const client = await compare(await handler("supabase-js"), "/", headers);
  return [
    { name: "bare transaction", value: bare.perSecond, unit: "/s" },
    { name: "GET /users/me at the function", value: direct.perSecond, unit: "/s" },
    { name: "  p50", value: direct.p50, unit: "ms" },
    { name: "  p95", value: direct.p95, unit: "ms" },
    { name: "  p99", value: direct.p99, unit: "ms" },
    { name: "GET /users/me through the gateway", value: gateway.perSecond, unit: "/s" },
    { name: "the same with supabase-js", value: client.perSecond, unit: "/s" },
    {
      name: "function : bare",
      value: direct.perSecond / bare.perSecond,
      unit: "×",
      goal: { atLeast: 0.5 },
    },
    {
      name: "function : supabase-js",
      value: direct.perSecond / client.perSecond,
      unit: "×",
      goal: { atLeast: 10 },
    },
    {
      name: "gateway : function",
      value: gateway.perSecond / direct.perSecond,
      unit: "×",
      goal: { atLeast: 0.5 },
    },
  ];
}
