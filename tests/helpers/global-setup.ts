import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStack, type Stack } from "../../scripts/stack/create-stack.ts";
import { NO_RATE_LIMIT } from "../../scripts/stack/no-rate-limit.ts";
import { stackEnv } from "./stack-env.ts";

/** One stack serves every project of a run; vitest calls this file once per project. */
interface Shared {
  stack: Promise<Stack>;
  users: number;
}

declare global {
  var nffTestStack: Shared | undefined;
}

async function start(): Promise<Stack> {
  return createStack({
    dataDir: await mkdtemp(join(tmpdir(), "nff-tests-")),
    temporary: true,
    ports: "free",
    // Tests call the worker themselves, so that what it does is theirs to expect.
    workerIntervalMs: 0,
    mockTimeScale: 0,
    auth: { rate_limit: NO_RATE_LIMIT },
    onFailure: (error) => console.error(error.message),
  });
}

export default async function setup(): Promise<() => Promise<void>> {
  if (process.env.SUPABASE_URL !== undefined && !globalThis.nffTestStack) {
    stackEnv();
    return async () => {};
  }
  globalThis.nffTestStack ??= { stack: start(), users: 0 };
  const shared = globalThis.nffTestStack;
  shared.users += 1;
  // Workers inherit the environment of this process.
  Object.assign(process.env, (await shared.stack).env);
  return async () => {
    shared.users -= 1;
    if (shared.users === 0) await (await shared.stack).dispose();
  };
}
