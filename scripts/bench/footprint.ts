import { readdir, readFile } from "node:fs/promises";
import { checkoutRoot } from "../stack/paths.ts";
import { functionSecrets, loadProjectConfig } from "../stack/project-config.ts";
import type { BenchContext } from "./context.ts";
import { startDeno } from "./deno-process.ts";
import { percentile } from "./load.ts";
import type { Figure } from "./report.ts";

const STARTS = 7;
const KB_PER_MB = 1024;

async function fieldKb(path: string, field: string): Promise<number> {
  const text = await readFile(path, "utf8").catch(() => "");
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0);
}

/** Ids of a process and everything it has started. */
async function family(pids: readonly number[]): Promise<Set<number>> {
  const children = new Map<number, number[]>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    // The command in brackets may hold spaces: count from its end.
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = new Set<number>();
  const waiting = [...pids];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    if (found.has(pid)) continue;
    found.add(pid);
    waiting.push(...(children.get(pid) ?? []));
  }
  return found;
}

/** Proportional set size: pages that processes share are counted once. */
async function memoryMb(pids: Iterable<number>): Promise<number> {
  let kb = 0;
  for (const pid of pids) kb += await fieldKb(`/proc/${pid}/smaps_rollup`, "Pss");
  return kb / KB_PER_MB;
}

async function functionEnv({ stack }: BenchContext): Promise<Record<string, string>> {
  const root = checkoutRoot();
  const keys = await fetch(`${stack.apiUrl}/auth/v1/.well-known/jwks.json`);
  return {
    ...(await functionSecrets(root, await loadProjectConfig(root))),
    SUPABASE_URL: stack.apiUrl,
    SUPABASE_DB_URL: stack.dbUrl,
    DATABASE_URL: stack.dbUrl,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: stack.publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: stack.secretKey }),
    SUPABASE_JWKS: await keys.text(),
    KYC_MOCK_URL: stack.mockKycUrl,
    SUPABASE_FUNCTION_SLUG: "users",
  };
}

async function startTimes(context: BenchContext): Promise<number[]> {
  const env = await functionEnv(context);
  const times: number[] = [];
  for (let round = 0; round < STARTS; round += 1) {
    const process = await startDeno({
      config: "supabase/functions/deno.json",
      entry: "supabase/functions/users/index.ts",
      env,
      path: "/users/me",
    });
    times.push(process.startMs);
    await process.stop();
  }
  return times.sort((a, b) => a - b);
}

/** How long a function takes to its first answer, and what the idle stack holds. Linux only. */
export async function footprint(context: BenchContext): Promise<Figure[]> {
  const pids = context.stack.pids();
  const whole = await memoryMb(await family(Object.values(pids)));
  const resident: number[] = [];
  for (const [name, pid] of Object.entries(pids)) {
    if (name.startsWith("function ")) resident.push(await fieldKb(`/proc/${pid}/status`, "VmRSS"));
  }
  const times = await startTimes(context);
  return [
    {
      name: "function start, median of 7",
      value: percentile(times, 0.5),
      unit: "ms",
      goal: { atMost: 400 },
    },
    {
      name: "largest function process, resident",
      value: Math.max(...resident) / KB_PER_MB,
      unit: "MB",
      goal: { atMost: 120 },
    },
    {
      name: "whole stack idle, shared pages once",
      value: whole,
      unit: "MB",
      goal: { atMost: 900 },
    },
  ];
}
