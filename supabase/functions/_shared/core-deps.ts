import type { Verifiers } from "./auth/authenticate.ts";
import { createMachineKeyVerifier } from "./auth/machine-key.ts";
import { createSecretKeyVerifier } from "./auth/verify-secret-key.ts";
import { createUserTokenVerifier } from "./auth/verify-user-token.ts";
import { createPool } from "./db/pool.ts";
import { createTransactions, type TransactionsFor } from "./db/transaction.ts";
import type { Environment } from "./env.ts";
import { clientAddress } from "./http/client-address.ts";
import { createLogger, type Logger } from "./log/logger.ts";

/** What every function needs to take a request; functions add what their operations need. */
export type CoreDeps = {
  readonly verifiers: Verifiers;
  readonly transactionsFor: TransactionsFor;
  /** Whether operations marked `x-mfa: staff` need a session with two factors. */
  readonly requireStaffMfa: boolean;
  readonly corsOrigins: ReadonlySet<string>;
  readonly log: Logger;
};

/**
 * Wires up what all functions share.
 *
 * @param name of the function, for logs and `pg_stat_activity`
 * @example createApp(createCoreDeps(readEnvironment(), "users"));
 */
export function createCoreDeps(env: Environment, name: string): CoreDeps {
  const pool = createPool({
    url: env.databaseUrl,
    max: env.databasePoolMax,
    applicationName: name,
  });
  const transactionsFor = createTransactions(pool, env);
  return {
    verifiers: {
      verifyUserToken: createUserTokenVerifier({
        issuer: env.jwtIssuer,
        audience: "authenticated",
        jwks: env.jwks,
        jwksUrl: new URL(`${env.apiUrl}/auth/v1/.well-known/jwks.json`),
      }),
      verifySecretKey: createSecretKeyVerifier(env.secretKeys),
      // Proving a key writes no audit entry, so no request needs to be named.
      verifyMachineKey: createMachineKeyVerifier(transactionsFor("")),
      addressOf: (headers) => clientAddress(headers, env.clientAddressHeader),
    },
    transactionsFor,
    requireStaffMfa: env.requireStaffMfa,
    corsOrigins: env.corsOrigins,
    log: createLogger({
      level: env.logLevel,
      fields: {
        function: name,
        ...(env.executionId !== undefined && { execution_id: env.executionId }),
      },
    }),
  };
}
