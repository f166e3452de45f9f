import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { parse as parseToml } from "smol-toml";
import { z } from "zod";
import { messageOf, StackError } from "./errors.ts";

const table = z.record(z.string(), z.unknown());
const port = z.int().min(1).max(65_535);

/** What the supervisor itself needs of config.toml; the rest goes to the services as it stands. */
const configToml = z.looseObject({
  project_id: z.string().default("local"),
  api: z.looseObject({ port: port.optional() }).default({}),
  auth: table.default({}),
  storage: table.default({}),
  db: z
    .looseObject({
      port: port.optional(),
      seed: z
        .looseObject({
          enabled: z.boolean().default(true),
          sql_paths: z.array(z.string()).default(["./seed.sql"]),
        })
        .prefault({}),
    })
    .prefault({}),
  local_smtp: z.looseObject({ port: port.optional() }).default({}),
  edge_runtime: z
    .looseObject({ secrets: z.record(z.string(), z.string()).default({}) })
    .prefault({}),
  functions: z
    .record(
      z.string(),
      z.looseObject({
        enabled: z.boolean().default(true),
        verify_jwt: z.boolean().default(true),
        entrypoint: z.string().optional(),
        env: z.record(z.string(), z.string()).default({}),
      }),
    )
    .default({}),
});

export interface FunctionConfig {
  readonly name: string;
  readonly entrypoint: string;
  readonly verifyJwt: boolean;
  readonly env: Readonly<Record<string, string>>;
}

export interface ProjectConfig {
  readonly ports: { readonly api?: number; readonly db?: number; readonly mail?: number };
  readonly api: Record<string, unknown>;
  readonly auth: Record<string, unknown>;
  readonly storage: Record<string, unknown>;
  readonly seedPaths: readonly string[];
  readonly secrets: Readonly<Record<string, string>>;
  readonly functions: readonly FunctionConfig[];
}

async function readEnvFile(file: string): Promise<Record<string, string>> {
  if (!existsSync(file)) return {};
  const entries = Object.entries(parseEnv(await readFile(file, "utf8")));
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** `env(NAME)` becomes the variable's value; an unset one is empty, which no service takes for a secret. */
function resolveEnv(value: unknown, env: Readonly<Record<string, string | undefined>>): unknown {
  if (typeof value === "string") {
    const [, name] = /^env\(([A-Za-z_][A-Za-z0-9_]*)\)$/.exec(value) ?? [];
    return name === undefined ? value : (env[name] ?? "");
  }
  if (Array.isArray(value)) return value.map((item) => resolveEnv(item, env));
  const record = table.safeParse(value);
  if (value instanceof Date || !record.success) return value;
  return Object.fromEntries(
    Object.entries(record.data).map(([key, item]) => [key, resolveEnv(item, env)]),
  );
}

async function readConfig(root: string): Promise<z.output<typeof configToml>> {
  const file = join(root, "supabase", "config.toml");
  const supabaseEnv = await readEnvFile(join(root, "supabase", ".env"));
  const rootEnv = await readEnvFile(join(root, ".env"));
  try {
    const text = existsSync(file) ? await readFile(file, "utf8") : "";
    return configToml.parse(
      resolveEnv(parseToml(text), { ...rootEnv, ...supabaseEnv, ...process.env }),
    );
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
    throw new StackError("config_invalid", `${file} cannot be read: ${reason}`, { cause });
  }
}

/** Every folder below supabase/functions with an index.ts, except those that config.toml turns off. */
async function findFunctions(
  root: string,
  entries: z.output<typeof configToml>["functions"],
): Promise<FunctionConfig[]> {
  const folder = join(root, "supabase", "functions");
  const names = existsSync(folder) ? await readdir(folder) : [];
  return names.sort().flatMap((name) => {
    const entry = entries[name];
    const entrypoint = entry?.entrypoint
      ? join(root, "supabase", entry.entrypoint)
      : join(folder, name, "index.ts");
    if (/^[_.]/.test(name) || entry?.enabled === false || !existsSync(entrypoint)) return [];
    return [{ name, entrypoint, verifyJwt: entry?.verify_jwt ?? true, env: entry?.env ?? {} }];
  });
}

export async function loadProjectConfig(root: string): Promise<ProjectConfig> {
  const config = await readConfig(root);
  return {
    ports: {
      ...(config.api.port === undefined ? {} : { api: config.api.port }),
      ...(config.db.port === undefined ? {} : { db: config.db.port }),
      ...(config.local_smtp.port === undefined ? {} : { mail: config.local_smtp.port }),
    },
    api: config.api,
    auth: config.auth,
    storage: config.storage,
    seedPaths: config.db.seed.enabled ? config.db.seed.sql_paths : [],
    secrets: config.edge_runtime.secrets,
    functions: await findFunctions(root, config.functions),
  };
}

/**
 * What a function finds in its environment besides the platform's own variables: `.env`, or the
 * committed example where there is none. Names of the platform cannot be set there.
 */
export async function functionSecrets(
  root: string,
  config: ProjectConfig,
): Promise<Record<string, string>> {
  const folder = join(root, "supabase", "functions");
  const own = join(folder, ".env");
  const fromFile = await readEnvFile(existsSync(own) ? own : join(folder, ".env.example"));
  return Object.fromEntries(
    Object.entries({ ...config.secrets, ...fromFile }).filter(
      ([name]) => !name.startsWith("SUPABASE_"),
    ),
  );
}
