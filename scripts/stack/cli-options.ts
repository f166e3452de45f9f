import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { messageOf, StackError } from "./errors.ts";
import { checkoutRoot } from "./paths.ts";
import type { Ports } from "./ports.ts";

const USAGE = `Usage: node scripts/stack.ts start | status | stop | reset [options]

  --api-port N       --db-port N       --mail-port N       --mock-kyc-port N
  --free-ports       any free ports instead of those of supabase/config.toml
  --data-dir PATH    where the data is kept (default: .stack/local)
  --cache-dir PATH   where Postgres and the functions' packages are kept (default: .stack/cache)
  --root PATH        the Supabase project to run (default: this checkout)
  --no-worker        does not wake the worker function regularly`;

const COMMANDS = ["start", "status", "stop", "reset"] as const;

export interface CliOptions {
  readonly command: (typeof COMMANDS)[number];
  readonly root: string;
  readonly dataDir: string;
  readonly cacheDir: string;
  readonly ports: Partial<Ports> | "free";
  readonly worker: boolean;
}

const portNumber = z.coerce
  .number({ error: "is not a number" })
  .int("is not a whole number")
  .min(1, "is below 1")
  .max(65_535, "is above 65535")
  .optional();

const flags = {
  "api-port": { type: "string" },
  "db-port": { type: "string" },
  "mail-port": { type: "string" },
  "mock-kyc-port": { type: "string" },
  "free-ports": { type: "boolean", default: false },
  "data-dir": { type: "string" },
  "cache-dir": { type: "string" },
  root: { type: "string" },
  "no-worker": { type: "boolean", default: false },
} as const;

function parsePort(option: string, value: string | undefined): number | undefined {
  const result = portNumber.safeParse(value);
  if (result.success) return result.data;
  throw new StackError(
    "config_invalid",
    `--${option} ${value} ${result.error.issues[0]?.message}.`,
  );
}

function namedPorts(values: Partial<Record<keyof typeof flags, string | boolean>>): Partial<Ports> {
  const options = {
    api: "api-port",
    db: "db-port",
    mail: "mail-port",
    mockKyc: "mock-kyc-port",
  } as const;
  return Object.fromEntries(
    Object.entries(options).flatMap(([name, option]) => {
      const value = values[option];
      const port = parsePort(option, typeof value === "string" ? value : undefined);
      return port === undefined ? [] : [[name, port]];
    }),
  );
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, allowPositionals: true });
  } catch (cause) {
    throw new StackError("config_invalid", `${messageOf(cause)}\n${USAGE}`, { cause });
  }
}

/** Reads the command line; a StackError says what is wrong with it. */
export function readCliOptions(args: readonly string[]): CliOptions {
  const { values, positionals } = parse(args);
  const command = COMMANDS.find((name) => name === positionals[0]);
  if (command === undefined || positionals.length > 1)
    throw new StackError("config_invalid", USAGE);
  const root = resolve(values.root ?? checkoutRoot());
  return {
    command,
    root,
    dataDir: resolve(values["data-dir"] ?? join(root, ".stack", "local")),
    cacheDir: resolve(values["cache-dir"] ?? join(root, ".stack", "cache")),
    ports: values["free-ports"] ? "free" : namedPorts(values),
    worker: !values["no-worker"],
  };
}
