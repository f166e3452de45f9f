import { type Accounts, createAccounts } from "../_shared/accounts/accounts.ts";
import { type CoreDeps, createCoreDeps } from "../_shared/core-deps.ts";
import type { Environment } from "../_shared/env.ts";
import { type CursorCodec, createCursorCodec } from "../_shared/http/cursor.ts";
import { createStorage, type Storage } from "../_shared/storage/storage.ts";
import { createWakeWorker, type WakeWorker } from "../_shared/wake-worker.ts";
import { resolveHost, type TargetRules } from "../_shared/webhooks/find-target.ts";

/** What the operations of this function need. */
export type AdminDeps = CoreDeps & {
  readonly accounts: Accounts;
  readonly cursors: CursorCodec;
  readonly storage: Storage;
  /** After what leaves work behind, so that it is done now and not by the clock. */
  readonly wakeWorker: WakeWorker;
  /** What decides where webhooks may be sent. */
  readonly targetRules: TargetRules;
};

/** Wires up the function. */
export function createDeps(env: Environment): AdminDeps {
  const core = createCoreDeps(env, "admin");
  return {
    ...core,
    accounts: createAccounts({ apiUrl: env.apiUrl, secretKey: env.secretKey, log: core.log }),
    cursors: createCursorCodec(env.cursorSecret),
    storage: createStorage(env),
    targetRules: { resolve: resolveHost, allowLoopback: env.webhooksAllowLoopback },
    wakeWorker: createWakeWorker({
      url: `${env.apiUrl}/functions/v1/worker/run`,
      secretKey: env.secretKey,
      log: core.log,
    }),
  };
}
