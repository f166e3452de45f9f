import type { KycProviderEnvironment } from "../env.ts";
import type { KycProvider } from "./kyc-provider.ts";
import { createMockProvider } from "./mock/adapter.ts";
import { createSumsubProvider } from "./sumsub/adapter.ts";

/** The adapter of the configured provider. A new vendor is a folder beside `mock/` and a case here. */
export function createKycProvider(env: KycProviderEnvironment): KycProvider {
  switch (env.name) {
    case "mock":
      return createMockProvider(env);
    case "sumsub":
      return createSumsubProvider(env);
  }
}
