import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createStack,
  type Stack,
  type StackOptions,
} from "../../../../scripts/stack/create-stack.ts";
import { NO_RATE_LIMIT } from "../../../../scripts/stack/no-rate-limit.ts";

/** Secrets for the mock's webhooks: the current one and the one before. */
export const WEBHOOK_SECRETS = [
  "whsec_bG9jYWwtZGV2ZWxvcG1lbnQtd2ViaG9vay1zZWNyZXQ=",
  "whsec_dGhlLXNlY3JldC1iZWZvcmUtdGhlLXByZXNlbnQtb25l",
].join(",");

/**
 * Starts a stack that only this test file uses, because it moves clocks or kills processes, and makes
 * it the one that the helpers of the operations call.
 */
export async function startOwnStack(options: Partial<StackOptions> = {}): Promise<Stack> {
  const stack = await createStack({
    dataDir: await mkdtemp(join(tmpdir(), "nff-engine-")),
    temporary: true,
    ports: "free",
    workerIntervalMs: 0,
    mockTimeScale: 0,
    auth: { rate_limit: NO_RATE_LIMIT },
    ...options,
  });
  // The environment of this test process only; other files have processes of their own.
  Object.assign(process.env, stack.env);
  return stack;
}
