import { type Accounts, createAccounts } from "../_shared/accounts/accounts.ts";
import { type CoreDeps, createCoreDeps } from "../_shared/core-deps.ts";
import type { Environment } from "../_shared/env.ts";
import { type CursorCodec, createCursorCodec } from "../_shared/http/cursor.ts";
import { type Buckets, createBuckets } from "../_shared/storage/buckets.ts";
import { createWakeWorker, type WakeWorker } from "../_shared/wake-worker.ts";

/** What the operations of this function need. */
export type UsersDeps = CoreDeps & {
  readonly accounts: Accounts;
  readonly buckets: Buckets;
  readonly cursors: CursorCodec;
  /** After what leaves work behind, so that it is done now and not by the clock. */
  readonly wakeWorker: WakeWorker;
  /** Where clients reach this function. */
  readonly publicUrl: string;
};

/** Wires up the function. */
export function createDeps(env: Environment): UsersDeps {
  const core = createCoreDeps(env, "users");
  return {
    ...core,
    accounts: createAccounts({ apiUrl: env.apiUrl, secretKey: env.secretKey, log: core.log }),
    buckets: createBuckets(env),
    cursors: createCursorCodec(env.cursorSecret),
    wakeWorker: createWakeWorker({
      url: `${env.apiUrl}/functions/v1/worker/run`,
      secretKey: env.secretKey,
      log: core.log,
    }),
    publicUrl: `${env.publicApiUrl}/functions/v1/users`,
  };
}
