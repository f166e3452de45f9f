import { mkdir, rm, statfs } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Assembly, assemble } from "./assemble.ts";
import { explainSystemError, StackError } from "./errors.ts";
import { LOCAL_MOCK_KYC_ADMIN_KEY, LOCAL_PUBLISHABLE_KEY, LOCAL_SECRET_KEY } from "./keys.ts";
import { lockPath, readLock, takeLock, writeLock } from "./lock.ts";
import { checkoutRoot } from "./paths.ts";
import { type Ports, resolvePorts } from "./ports.ts";
import { type Child, createSpawner, tailOf } from "./processes.ts";
import { loadProjectConfig } from "./project-config.ts";
import { type Reaper, startReaper } from "./reaper.ts";
import type { PostgresUserMode } from "./services/postgres-user.ts";
import { requireRuntime } from "./versions.ts";

/** How long an aborted start may take to notice that its processes are gone. */
const SETTLE_TIMEOUT_MS = 3_000;
const LEAST_FREE_BYTES = 200 * 1024 ** 2;

export interface StackOptions {
  /** Checkout with `supabase/` and `mock-kyc/`; default: the one this file belongs to. */
  readonly root?: string;
  /** Everything the stack keeps: database, stored files, signing key, logs. */
  readonly dataDir: string;
  /** Postgres binaries and Deno's packages; one for all stacks of a checkout. */
  readonly cacheDir?: string;
  /** Default: those of config.toml. `"free"` picks any, for tests. */
  readonly ports?: Partial<Ports> | "free";
  /** Removes `dataDir` at the end, and does without fsync. */
  readonly temporary?: boolean;
  /** Starts functions again when their files change; without it a function must come up at once. */
  readonly watch?: boolean;
  /** How often the worker function is woken; 0, the default, for never. */
  readonly workerIntervalMs?: number;
  /** What the mock KYC server's delays are multiplied with; default 1. */
  readonly mockTimeScale?: number;
  /** Settings of `[auth]` in place of those of config.toml, such as other rate limits. */
  readonly auth?: Readonly<Record<string, unknown>>;
  /** Settings of the functions that stand above every file, for tests that put something in between. */
  readonly functionEnv?: Readonly<Record<string, string>>;
  /** An OpenID provider that stands in for Google, for tests of sign-in. */
  readonly googleIssuer?: string;
  readonly postgresUser?: PostgresUserMode | "auto";
  readonly log?: (line: string) => void;
  /** Ends the stack, also while it is still starting. */
  readonly signal?: AbortSignal;
  /** Told once when a part has died; the stack is disposed of by then. */
  readonly onFailure?: (error: StackError) => void;
}

export interface Stack {
  readonly apiUrl: string;
  readonly dbUrl: string;
  readonly mailUrl: string;
  readonly mockKycUrl: string;
  readonly publishableKey: string;
  readonly secretKey: string;
  /** What tests, demo and bench know of a stack. */
  readonly env: Readonly<Record<string, string>>;
  readonly functions: readonly string[];
  /** Where a function listens behind the gateway, for measurements. */
  functionUrl(name: string): string;
  /** Process ids by name, for tests and measurements. */
  pids(): Record<string, number>;
  /** Ends every process and frees every port. Safe to call twice. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

async function prepareStateDir(stateDir: string): Promise<void> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(stateDir);
  if (bavail * bsize >= LEAST_FREE_BYTES) return;
  throw new StackError(
    "disk_full",
    `The disk is full: ${stateDir} needs ${LEAST_FREE_BYTES / 1024 ** 2} MB and has ${Math.floor((bavail * bsize) / 1024 ** 2)} MB.`,
  );
}

/** Runs what has to be undone in reverse order, once, however often it is asked. */
class Teardown {
  readonly #steps: (() => Promise<unknown>)[] = [];
  #running: Promise<void> | undefined;

  get started(): boolean {
    return this.#running !== undefined;
  }

  /** A step that comes too late is run at once. */
  add(step: () => Promise<unknown>): void {
    if (this.#running !== undefined) this.#running = this.#running.then(step).then(() => {});
    else this.#steps.push(step);
  }

  run(): Promise<void> {
    this.#running ??= this.#runSteps();
    return this.#running;
  }

  async #runSteps(): Promise<void> {
    for (const step of this.#steps.reverse()) await step();
  }
}

async function settled(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  const limit = new AbortController();
  const timeout = delay(timeoutMs, undefined, { signal: limit.signal }).catch(() => {});
  await Promise.race([Promise.allSettled([work]), timeout]);
  limit.abort();
}

/** The reaper removes the lock as its last act: nobody may take the folder before everything has ended. */
async function endWith(reaper: Reaper, stateDir: string): Promise<void> {
  await reaper.finish();
  if ((await readLock(stateDir))?.pid === process.pid)
    await rm(lockPath(stateDir), { force: true });
}

async function failureOf(child: Child, outcome: string): Promise<StackError> {
  const log = await tailOf(child.logFile, 20);
  if (/No space left on device|ENOSPC/.test(log)) {
    return new StackError(
      "disk_full",
      `The disk is full: the ${child.name} ended with ${outcome}.`,
    );
  }
  return new StackError(
    "service_failed",
    `The ${child.name} ended with ${outcome}, so the stack stops. Its log ${child.logFile} ends with:\n${log}`,
  );
}

function watchChildren(assembly: Assembly, teardown: Teardown, options: StackOptions): void {
  for (const child of assembly.children) {
    void child.ended.then(async (outcome) => {
      if (teardown.started) return;
      const disposed = teardown.run();
      const failure = await failureOf(child, outcome);
      await disposed;
      if (options.onFailure) options.onFailure(failure);
      else options.log?.(failure.message);
    });
  }
}

function describe(assembly: Assembly, teardown: Teardown): Stack {
  const { apiUrl, dbUrl, mailUrl, mockKycUrl } = assembly.urls;
  return {
    ...assembly.urls,
    publishableKey: LOCAL_PUBLISHABLE_KEY,
    secretKey: LOCAL_SECRET_KEY,
    env: {
      SUPABASE_URL: apiUrl,
      SUPABASE_PUBLISHABLE_KEY: LOCAL_PUBLISHABLE_KEY,
      SUPABASE_SECRET_KEY: LOCAL_SECRET_KEY,
      SUPABASE_DB_URL: dbUrl,
      MAILPIT_URL: mailUrl,
      MOCK_KYC_URL: mockKycUrl,
      MOCK_KYC_ADMIN_KEY: LOCAL_MOCK_KYC_ADMIN_KEY,
    },
    functions: assembly.functions.routes().map((route) => route.name),
    functionUrl: (name) => {
      const route = assembly.functions.routes().find((candidate) => candidate.name === name);
      if (!route) throw new StackError("service_failed", `There is no function ${name}.`);
      return `http://127.0.0.1:${route.port}/${name}`;
    },
    pids: () => ({
      ...Object.fromEntries(assembly.children.map((child) => [child.name, child.pid])),
      ...assembly.functions.pids(),
    }),
    dispose: () => teardown.run(),
    [Symbol.asyncDispose]: () => teardown.run(),
  };
}

/** Rejects, once everything is undone, when the signal asks for the end. */
function whenAborted(signal: AbortSignal | undefined, teardown: Teardown): Promise<never> {
  const aborted = new Promise<never>((_resolve, reject) => {
    const undo = () => void teardown.run().then(() => reject(signal?.reason), reject);
    if (signal?.aborted) undo();
    signal?.addEventListener("abort", undo, { once: true });
  });
  // After the start nobody waits for it any more.
  aborted.catch(() => {});
  return aborted;
}

/**
 * Starts the whole backend and returns when it serves. Either everything runs or nothing is left:
 * a failed start cleans up after itself and throws a StackError with one sentence.
 */
export async function createStack(options: StackOptions): Promise<Stack> {
  requireRuntime();
  const root = resolve(options.root ?? checkoutRoot());
  const stateDir = resolve(options.dataDir);
  const log = options.log ?? (() => {});
  await prepareStateDir(stateDir).catch((error: unknown) => {
    throw explainSystemError(error, stateDir);
  });
  const reaper = startReaper();
  const spawner = createSpawner(reaper);
  const teardown = new Teardown();
  teardown.add(() => endWith(reaper, stateDir));
  try {
    await takeLock(stateDir, reaper.pid);
    reaper.removeAtEnd(options.temporary ? stateDir : lockPath(stateDir));
    const aborted = whenAborted(options.signal, teardown);
    const config = await loadProjectConfig(root);
    const assembling = assemble({
      root,
      stateDir,
      cacheDir: resolve(options.cacheDir ?? join(root, ".stack", "cache")),
      ports: await resolvePorts(
        options.ports === "free" ? "free" : { ...config.ports, ...options.ports },
      ),
      config,
      options,
      log,
      spawn: spawner.spawn,
      removeAtEnd: reaper.removeAtEnd,
      undo: (step) => teardown.add(step),
    });
    // Its processes are gone by then: nothing may touch the folder while the reaper removes it.
    teardown.add(() => settled(assembling, SETTLE_TIMEOUT_MS));
    teardown.add(() => spawner.stopAll());
    const assembly = await Promise.race([assembling, aborted]);
    watchChildren(assembly, teardown, options);
    const stack = describe(assembly, teardown);
    await writeLock(stateDir, { reaperPid: reaper.pid, urls: assembly.urls });
    return stack;
  } catch (error) {
    await teardown.run();
    throw explainSystemError(error, stateDir);
  }
}
