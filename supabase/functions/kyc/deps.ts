import { type CoreDeps, createCoreDeps } from "../_shared/core-deps.ts";
import type { Environment } from "../_shared/env.ts";
import { type CursorCodec, createCursorCodec } from "../_shared/http/cursor.ts";
import { createStorage, type Storage } from "../_shared/storage/storage.ts";
import { createWakeWorker, type WakeWorker } from "../_shared/wake-worker.ts";

/** What the operations of this function need. */
export type KycDeps = CoreDeps & {
  readonly storage: Storage;
  readonly cursors: CursorCodec;
  /** After a submission, so that it is sent now and not by the clock. */
  readonly wakeWorker: WakeWorker;
};

/** Wires up the function. */
export function createDeps(env: Environment): KycDeps {
  const core = createCoreDeps(env, "kyc");
  return {
    ...core,
    storage: createStorage(env),
    cursors: createCursorCodec(env.cursorSecret),
    wakeWorker: createWakeWorker({
      url: `${env.apiUrl}/functions/v1/worker/run`,
      secretKey: env.secretKey,
      log: core.log,
    }),
  };
}
