import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import type { Sql, TransactionSql } from "postgres";
import type { UserPrincipal } from "../../supabase/functions/_shared/auth/principal.ts";
import type { CoreDeps } from "../../supabase/functions/_shared/core-deps.ts";
import { createPool } from "../../supabase/functions/_shared/db/pool.ts";
import { fromDatabaseError } from "../../supabase/functions/_shared/db/sqlstate.ts";
import { createTransactions } from "../../supabase/functions/_shared/db/transaction.ts";
import type { OperationId } from "../../supabase/functions/_shared/generated/contract.ts";
import { operations } from "../../supabase/functions/_shared/generated/operations.ts";
import { createFunctionApp } from "../../supabase/functions/_shared/http/create-function-app.ts";
import { createCursorCodec } from "../../supabase/functions/_shared/http/cursor.ts";
import type { ErasedOperation } from "../../supabase/functions/_shared/http/operation.ts";
import type { AnyValidators } from "../../supabase/functions/_shared/http/validate.ts";
import { createLogger } from "../../supabase/functions/_shared/log/logger.ts";
import { createStorage } from "../../supabase/functions/_shared/storage/storage.ts";
import { createApp as createKycApp } from "../../supabase/functions/kyc/app.ts";
import type { Target } from "./api.ts";
import type { Account } from "./api-accounts.ts";

/** A person whose token everyone believes: for what is not about authentication. */
const somebody: UserPrincipal = {
  kind: "user",
  id: randomUUID(),
  claims: { role: "authenticated" },
  token: "token",
};

/** Dependencies that reach nothing, unless told otherwise. */
export function fakeDeps(overrides: Partial<CoreDeps> = {}): CoreDeps {
  return {
    verifiers: {
      verifyUserToken: async () => somebody,
      verifySecretKey: async () => "default",
      verifyMachineKey: async () => ({ kind: "machine", id: somebody.id, scopes: [] }),
      addressOf: () => null,
    },
    transactionsFor: () => () => Promise.reject(new Error("No database is expected here.")),
    requireStaffMfa: false,
    corsOrigins: new Set(["https://app.example.com"]),
    log: createLogger({ level: "error", write: () => {} }),
    ...overrides,
  };
}

/** Lets any request through to an operation. */
const acceptAll: AnyValidators = { params: () => true, query: () => true, body: () => true };

/** A function with one operation of the contract, whose work is given. */
export function functionWith(
  id: OperationId,
  operation: ErasedOperation<CoreDeps>,
  deps: CoreDeps = fakeDeps(),
): Target {
  const name = operations[id].group.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const app = createFunctionApp({
    name,
    deps,
    operations: { [id]: operation },
    validators: { [id]: acceptAll },
  });
  return async (request) => app.fetch(asFunction(request));
}

/** The request as the gateway hands it on. */
export function asFunction(request: Request): Request {
  return new Request(request.url.replace("/functions/v1/", "/"), request);
}

/** Transactions of a database that is not there. */
export async function transactionsWithoutDatabase(): Promise<CoreDeps["transactionsFor"]> {
  const port = await closedPort();
  const url = `postgresql://postgres:postgres@127.0.0.1:${port}/postgres`;
  return createTransactions(createPool({ url, max: 1, applicationName: "test" }));
}

/** A port that was free a moment ago and that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 1;
}

/** Transactions in which something is arranged first, as the owner of the tables. */
export function transactionsAfter(
  sql: Sql,
  arrange: (tx: TransactionSql) => Promise<unknown>,
): CoreDeps["transactionsFor"] {
  return () => async (caller, work) => {
    try {
      const { result } = await sql.begin(async (tx) => {
        await arrange(tx);
        await tx`
          select set_config('role', ${caller.role}, true),
            set_config('request.jwt.claims', ${JSON.stringify(caller.claims)}, true)
        `;
        return { result: await work(tx) };
      });
      return result;
    } catch (error) {
      throw fromDatabaseError(error);
    }
  };
}

/** The function `kyc` inside of this process, for one person and with other transactions. */
export function kycFunctionAs(
  { id, token }: Account,
  transactionsFor: CoreDeps["transactionsFor"],
): Target {
  const principal: UserPrincipal = {
    kind: "user",
    id,
    claims: { sub: id, role: "authenticated" },
    token,
  };
  const { verifiers, ...deps } = fakeDeps({ transactionsFor });
  const { fetch } = createKycApp({
    ...deps,
    verifiers: { ...verifiers, verifyUserToken: async () => principal },
    storage: createStorage({ apiUrl: "", publicApiUrl: "", publishableKey: "", secretKey: "" }),
    cursors: createCursorCodec("a secret of this test alone"),
    wakeWorker: () => {},
  });
  return async (request) => fetch(asFunction(request));
}
