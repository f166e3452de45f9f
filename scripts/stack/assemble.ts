import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { StackOptions } from "./create-stack.ts";
import { startDatabase } from "./database.ts";
import {
  LOCAL_PUBLISHABLE_KEY,
  LOCAL_SECRET_KEY,
  loadSigningKey,
  publicKeySet,
  type SigningKey,
} from "./keys.ts";
import type { Ports } from "./ports.ts";
import type { Child, SpawnChild } from "./processes.ts";
import { functionSecrets, type ProjectConfig } from "./project-config.ts";
import { startConsoleBuild } from "./services/console.ts";
import { type Functions, startFunctions } from "./services/functions.ts";
import { type Gateway, startGateway } from "./services/gateway.ts";
import { startMockKyc } from "./services/mock-kyc.ts";
import type { Postgres } from "./services/postgres.ts";
import { startWorkerTimer } from "./services/worker-timer.ts";

export interface AssemblyContext {
  readonly root: string;
  readonly stateDir: string;
  readonly cacheDir: string;
  readonly ports: Ports;
  readonly config: ProjectConfig;
  readonly options: StackOptions;
  readonly log: (line: string) => void;
  readonly spawn: SpawnChild;
  removeAtEnd(path: string): void;
  /** Registers what has to be undone, in the order in which it was done. */
  undo(step: () => Promise<unknown>): void;
}

interface StackUrls extends Record<string, string> {
  readonly apiUrl: string;
  readonly dbUrl: string;
  readonly mailUrl: string;
  readonly mockKycUrl: string;
}

export interface Assembly {
  readonly urls: StackUrls;
  /** The processes without which the stack cannot go on. */
  readonly children: readonly Child[];
  readonly functions: Functions;
}

const BUNDLED_CONTRACT = "openapi/bundle.generated.json";

/** Starts the parts in the order in which they need each other. */
export async function assemble(context: AssemblyContext): Promise<Assembly> {
  await rm(join(context.stateDir, "logs"), { recursive: true, force: true });
  const database = await startMigratedDatabase(context);
  const urls = urlsOf(context.ports, database.url);
  const signingKey = await loadSigningKey(context.stateDir);
  context.log("Starting the gateway, the functions and the mock KYC server …");
  const consoleDir = await startConsoleBuild(context);
  let gateway: Gateway | undefined;
  const functions = startFunctions({
    ...context,
    platformEnv: { ...platformEnv(urls, signingKey), ...context.options.functionEnv },
    watch: context.options.watch ?? false,
    onRoutes: (routes) => gateway?.setFunctions(routes),
  });
  const parts = [
    startGatewayProcess(context, { database, signingKey, consoleDir }),
    functions,
    startMock(context, urls),
  ] as const;
  const started = await allOrNothing(context, parts);
  [gateway] = started;
  gateway.setFunctions(started[1].routes());
  startTimer(context, urls, started[1]);
  return {
    urls,
    children: [database.child, gateway.child, started[2]],
    functions: started[1],
  };
}

interface Stoppable {
  stop(): Promise<unknown>;
}

/**
 * Waits for all of them even when one fails: a part that is still on its way could not be stopped.
 */
async function allOrNothing<A extends Stoppable, B extends Stoppable, C extends Stoppable>(
  context: AssemblyContext,
  parts: readonly [Promise<A>, Promise<B>, Promise<C>],
): Promise<[A, B, C]> {
  for (const outcome of await Promise.allSettled(parts)) {
    if (outcome.status === "fulfilled") context.undo(() => outcome.value.stop());
  }
  return Promise.all(parts);
}

async function startMigratedDatabase(context: AssemblyContext): Promise<Postgres> {
  context.log("Starting Postgres …");
  const temporary = context.options.temporary === true;
  return startDatabase(
    {
      ...context,
      port: context.ports.db,
      durable: !temporary,
      migrate: true,
      seed: true,
      user: context.options.postgresUser ?? "auto",
    },
    (postgres) => {
      context.undo(() => postgres.child.stop());
      if (postgres.outsideFolder !== undefined && temporary) {
        context.removeAtEnd(postgres.outsideFolder);
      }
    },
  );
}

function urlsOf(ports: Ports, dbUrl: string): StackUrls {
  return {
    apiUrl: `http://127.0.0.1:${ports.api}`,
    dbUrl,
    mailUrl: `http://127.0.0.1:${ports.mail}`,
    mockKycUrl: `http://127.0.0.1:${ports.mockKyc}`,
  };
}

/** What the platform puts into a function's environment, and the addresses only this stack knows. */
function platformEnv(urls: StackUrls, signingKey: SigningKey): Record<string, string> {
  return {
    SUPABASE_URL: urls.apiUrl,
    SUPABASE_DB_URL: urls.dbUrl,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: LOCAL_PUBLISHABLE_KEY }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: LOCAL_SECRET_KEY }),
    SUPABASE_JWKS: publicKeySet(signingKey),
    DATABASE_URL: urls.dbUrl,
    KYC_MOCK_URL: urls.mockKycUrl,
  };
}

interface GatewayNeeds {
  readonly database: Postgres;
  readonly signingKey: SigningKey;
  readonly consoleDir: string | undefined;
}

async function startGatewayProcess(
  context: AssemblyContext,
  { database, signingKey, consoleDir }: GatewayNeeds,
): Promise<Gateway> {
  const storageDir = join(context.stateDir, "storage");
  const contractFile = join(context.root, BUNDLED_CONTRACT);
  await mkdir(storageDir, { recursive: true });
  return startGateway({
    ...context,
    config: {
      apiPort: context.ports.api,
      mailPort: context.ports.mail,
      dbUrl: database.adminUrl,
      publishableKey: LOCAL_PUBLISHABLE_KEY,
      secretKey: LOCAL_SECRET_KEY,
      signingKey,
      storageDir,
      ...(existsSync(contractFile) ? { contractFile } : {}),
      ...(consoleDir === undefined ? {} : { consoleDir }),
      projectDir: join(context.root, "supabase"),
      functions: [],
      ...(context.options.googleIssuer === undefined
        ? {}
        : { googleIssuer: context.options.googleIssuer }),
      api: context.config.api,
      auth: { ...context.config.auth, ...context.options.auth },
      storage: context.config.storage,
    },
  });
}

async function startMock(context: AssemblyContext, urls: StackUrls): Promise<Child> {
  const secrets = {
    ...(await functionSecrets(context.root, context.config)),
    ...context.options.functionEnv,
  };
  return startMockKyc({
    ...context,
    port: context.ports.mockKyc,
    apiKey: secrets.KYC_MOCK_API_KEY ?? "",
    webhookSecrets: secrets.KYC_MOCK_WEBHOOK_SECRETS ?? "",
    callbackUrl: `${urls.apiUrl}/functions/v1/kyc-webhook/mock`,
    timeScale: context.options.mockTimeScale ?? 1,
  });
}

function startTimer(context: AssemblyContext, urls: StackUrls, functions: Functions): void {
  const intervalMs = context.options.workerIntervalMs ?? 0;
  if (intervalMs === 0 || !functions.routes().some((route) => route.name === "worker")) return;
  const timer = startWorkerTimer({
    apiUrl: urls.apiUrl,
    secretKey: LOCAL_SECRET_KEY,
    intervalMs,
    log: context.log,
  });
  context.undo(async () => timer.stop());
}
