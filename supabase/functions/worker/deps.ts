import { type Accounts, createAccounts } from "../_shared/accounts/accounts.ts";
import { type CoreDeps, createCoreDeps } from "../_shared/core-deps.ts";
import type { Environment, KycProviderEnvironment } from "../_shared/env.ts";
import { createKycProvider } from "../_shared/providers/create-kyc-provider.ts";
import type { KycProvider } from "../_shared/providers/kyc-provider.ts";
import { type Buckets, createBuckets } from "../_shared/storage/buckets.ts";
import { createStorage, type Storage } from "../_shared/storage/storage.ts";

/** What the operation of this function needs. */
export type WorkerDeps = CoreDeps & {
  readonly accounts: Accounts;
  readonly buckets: Buckets;
  readonly provider: KycProvider;
  readonly storage: Storage;
};

/** Wires up the function. Without the provider's secrets it does not start. */
export function createDeps(env: Environment, provider: KycProviderEnvironment): WorkerDeps {
  const core = createCoreDeps(env, "worker");
  return {
    ...core,
    accounts: createAccounts({ apiUrl: env.apiUrl, secretKey: env.secretKey, log: core.log }),
    buckets: createBuckets(env),
    provider: createKycProvider(provider),
    storage: createStorage(env),
  };
}
