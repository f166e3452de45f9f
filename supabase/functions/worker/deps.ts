import { type Accounts, createAccounts } from "../_shared/accounts/accounts.ts";
import { type CoreDeps, createCoreDeps } from "../_shared/core-deps.ts";
import type { Environment, KycProviderEnvironment } from "../_shared/env.ts";
import type { AnchorEnvironment } from "../_shared/env-anchors.ts";
import { createKycProvider } from "../_shared/providers/create-kyc-provider.ts";
import type { KycProvider } from "../_shared/providers/kyc-provider.ts";
import { type Buckets, createBuckets } from "../_shared/storage/buckets.ts";
import { createStorage, type Storage } from "../_shared/storage/storage.ts";
import { createDeliverMessage, type DeliverMessage } from "../_shared/webhooks/deliver-message.ts";
import { resolveHost } from "../_shared/webhooks/find-target.ts";
import { type Anchors, createAnchors } from "./anchors.ts";

/** What the operation of this function needs. */
export type WorkerDeps = CoreDeps & {
  readonly accounts: Accounts;
  readonly anchors: Anchors;
  readonly buckets: Buckets;
  /** Sends webhooks. */
  readonly deliver: DeliverMessage;
  readonly provider: KycProvider;
  readonly storage: Storage;
};

/** Wires up the function. Without the provider's secrets and the key of the anchors it does not start. */
export function createDeps(
  env: Environment,
  provider: KycProviderEnvironment,
  anchors: AnchorEnvironment,
): WorkerDeps {
  const core = createCoreDeps(env, "worker");
  const buckets = createBuckets(env);
  return {
    ...core,
    anchors: createAnchors(anchors, buckets),
    accounts: createAccounts({ apiUrl: env.apiUrl, secretKey: env.secretKey, log: core.log }),
    buckets,
    deliver: createDeliverMessage({
      resolve: resolveHost,
      allowLoopback: env.webhooksAllowLoopback,
    }),
    provider: createKycProvider(provider),
    storage: createStorage(env),
  };
}
