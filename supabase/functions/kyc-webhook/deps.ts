import { type CoreDeps, createCoreDeps } from "../_shared/core-deps.ts";
import type { Environment, KycProviderEnvironment } from "../_shared/env.ts";
import { createKycProvider } from "../_shared/providers/create-kyc-provider.ts";
import type { KycProvider } from "../_shared/providers/kyc-provider.ts";

/** What the operation of this function needs. */
export type KycWebhookDeps = CoreDeps & { readonly provider: KycProvider };

/** Wires up the function. Without the provider's secrets it does not start. */
export function createDeps(env: Environment, provider: KycProviderEnvironment): KycWebhookDeps {
  return { ...createCoreDeps(env, "kyc-webhook"), provider: createKycProvider(provider) };
}
