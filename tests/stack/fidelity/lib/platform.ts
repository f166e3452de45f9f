import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import postgres, { type Sql } from "postgres";
import { vi } from "vitest";
import { z } from "zod";
import { startDatabaseOnly } from "../../../../scripts/stack/database.ts";
import { NO_RATE_LIMIT } from "../../../../scripts/stack/no-rate-limit.ts";

export const PUBLISHABLE_KEY = "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH";
export const SECRET_KEY = "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz";
export const SITE_URL = "http://127.0.0.1:3000";

/** A gateway process with a database of its own: tests may create tables and break rules in it. */
export interface Platform {
  readonly url: string;
  readonly mailUrl: string;
  readonly signingKey: JWK;
  /** As `postgres`, the role of migrations. */
  readonly sql: Sql;
  readonly dbUrl: string;
  readonly adminDbUrl: string;
  /** A supabase-js client that keeps nothing between tests. */
  client(key?: string): SupabaseClient;
  admin(): SupabaseClient;
  /** Runs DDL and waits until the Data API, which learns of it by a notification, knows it. */
  define(statements: string): Promise<void>;
  /** One more gateway on the same database, with other settings. */
  gateway(changes: Settings): Promise<Gateway>;
  dispose(): Promise<void>;
}

export interface Settings {
  readonly auth?: Record<string, unknown>;
  readonly api?: Record<string, unknown>;
  readonly storage?: Record<string, unknown>;
  readonly contractFile?: string;
  readonly projectDir?: string;
  readonly apiPort?: number;
  readonly realtimePublicChannels?: boolean;
}

interface Gateway {
  readonly url: string;
  readonly mailUrl: string;
  client(key?: string): SupabaseClient;
  /** Writes one line of JSON to the process, as the supervisor does. */
  send(message: unknown): void;
  /** Resolves to the exit code. */
  stop(): Promise<unknown>;
}

/** Strict where the tests need it, and in a hurry where they would have to wait. */
const AUTH = {
  site_url: SITE_URL,
  additional_redirect_urls: ["https://app.example.com/**", "https://*.preview.example.com/cb"],
  jwt_expiry: 900,
  minimum_password_length: 10,
  password_requirements: "letters_digits",
  rate_limit: NO_RATE_LIMIT,
  sessions: { timebox: "24h", inactivity_timeout: "8h" },
  email: {
    enabled: true,
    enable_confirmations: true,
    double_confirm_changes: true,
    secure_password_change: true,
    require_current_password: true,
    max_frequency: "0s",
    otp_length: 8,
    otp_expiry: 600,
  },
};

const event = z.discriminatedUnion("event", [
  z.object({ event: z.literal("ready"), apiPort: z.number(), mailPort: z.number() }),
  z.object({ event: z.literal("failed"), message: z.string() }),
]);

const MAIN = fileURLToPath(new URL("../../../../scripts/stack/gateway/main.ts", import.meta.url));

async function startGateway(document: Record<string, unknown>): Promise<Gateway> {
  const child = spawn(process.execPath, [MAIN], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  child.stdin.write(`${JSON.stringify(document)}\n`);
  const lines = createInterface({ input: child.stdout });
  const [line] = await once(lines, "line");
  const ready = event.parse(JSON.parse(z.string().parse(line)));
  if (ready.event === "failed") throw new Error(ready.message);
  const url = `http://127.0.0.1:${ready.apiPort}`;
  return {
    url,
    mailUrl: `http://127.0.0.1:${ready.mailPort}`,
    client: (key = PUBLISHABLE_KEY) =>
      createClient(url, key, { auth: { persistSession: false, autoRefreshToken: false } }),
    send: (message) => child.stdin.write(`${JSON.stringify(message)}\n`),
    async stop() {
      child.stdin.end();
      const [code] = await exited;
      return code;
    },
  };
}

export async function startPlatform(settings: Settings = {}): Promise<Platform> {
  const database = await startDatabaseOnly({ migrate: false });
  const storageDir = await mkdtemp(join(tmpdir(), "nff-fidelity-"));
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const signingKey = { ...(await exportJWK(privateKey)), kid: "test-key" };
  const start = (changes: Settings) =>
    startGateway({
      apiPort: 0,
      mailPort: 0,
      dbUrl: database.adminUrl,
      publishableKey: PUBLISHABLE_KEY,
      secretKey: SECRET_KEY,
      signingKey,
      storageDir,
      functions: [],
      ...changes,
      auth: { ...AUTH, ...changes.auth },
    });
  const gateway = await start(settings);
  const others: Gateway[] = [];
  const sql = postgres(database.url, { max: 2, onnotice: () => {} });
  return {
    url: gateway.url,
    mailUrl: gateway.mailUrl,
    signingKey,
    sql,
    dbUrl: database.url,
    adminDbUrl: database.adminUrl,
    client: gateway.client,
    admin: () => gateway.client(SECRET_KEY),
    async define(statements) {
      const marker = `defined_${randomUUID().replaceAll("-", "")}`;
      await sql.unsafe(statements);
      await sql.unsafe(`create function public.${marker}() returns int language sql as 'select 1';
        grant execute on function public.${marker}() to service_role`);
      const service = gateway.client(SECRET_KEY);
      await vi.waitUntil(async () => (await service.rpc(marker)).status === 200, 10_000);
    },
    async gateway(changes) {
      const other = await start(changes);
      others.push(other);
      return other;
    },
    async dispose() {
      await sql.end();
      await Promise.all([gateway, ...others].map((each) => each.stop()));
      await database.dispose();
      await rm(storageDir, { recursive: true, force: true });
    },
  };
}
