import { type CoreDeps, createCoreDeps } from "../_shared/core-deps.ts";
import type { Environment } from "../_shared/env.ts";
import { checkService, type ServiceCheck } from "./check-service.ts";

/** What the operations of this function need. */
export type MetaDeps = CoreDeps & {
  readonly checkAuth: ServiceCheck;
  readonly checkStorage: ServiceCheck;
};

/** Wires up the function. */
export function createDeps(env: Environment): MetaDeps {
  const { apiUrl, publishableKey } = env;
  return {
    ...createCoreDeps(env, "meta"),
    checkAuth: checkService(`${apiUrl}/auth/v1/health`, publishableKey),
    checkStorage: checkService(`${apiUrl}/storage/v1/status`, publishableKey),
  };
}
