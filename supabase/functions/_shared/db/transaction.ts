import type { TransactionSql } from "postgres";
import type { DatabaseCaller } from "../auth/principal.ts";
import { ApiError } from "../errors.ts";
import type { Connections, Pool } from "./pool.ts";
import { fromDatabaseError, isConnectionLost, isRetryable } from "./sqlstate.ts";

/** A running transaction, already limited to what its caller may see and do. */
export type Transaction = TransactionSql;

/** Runs work in one transaction as a caller; see {@link createTransactions}. */
export type RunTransaction = <Result>(
  caller: DatabaseCaller,
  work: (tx: Transaction) => Promise<Result>,
) => Promise<Result>;

/** The transactions of one request; its id goes into the audit entries they write. */
export type TransactionsFor = (requestId: string) => RunTransaction;

const MAX_ATTEMPTS = 3;
/** Nothing a request does needs longer; a stuck statement or client must give its locks back. */
const STATEMENT_TIMEOUT_MS = 8_000;
const LOCK_TIMEOUT_MS = 3_000;
const IDLE_TIMEOUT_MS = 15_000;

/** What every transaction tells the database besides who calls. */
type TransactionSettings = {
  /** Asks the SQL functions of staff for a second factor; the database may ask anyway. */
  readonly requireStaffMfa: boolean;
};

/**
 * Makes the one way in which functions touch the database: a transaction that has taken on the
 * caller's role and claims before the first statement of the work. Role and claims end with the
 * transaction, so no connection carries one caller's rights over to the next.
 *
 * Serialisation failures and deadlocks are tried again, so `work` must have no effects outside the
 * transaction.
 *
 * @example
 * const transaction = createTransactions(pool)(requestId);
 * await transaction(databaseCaller(principal), (tx) => tx`select private.me()`);
 */
export function createTransactions(
  pool: Pool,
  settings: TransactionSettings = { requireStaffMfa: false },
): TransactionsFor {
  return (requestId) => async (caller, work) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await runOnce(pool, caller, { ...settings, requestId }, work);
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || !isRetryable(error)) throw fromDatabaseError(error);
        await pause(attempt);
      }
    }
  };
}

/** auth.uid() looks here first; where it finds nothing it parses all claims, each time it is asked. */
function subjectOf({ claims }: DatabaseCaller): string {
  return typeof claims.sub === "string" ? claims.sub : "";
}

async function runOnce<Result>(
  pool: Pool,
  caller: DatabaseCaller,
  { requestId, requireStaffMfa }: TransactionSettings & { readonly requestId: string },
  work: (tx: Transaction) => Promise<Result>,
): Promise<Result> {
  const connections = pool.current();
  try {
    return await begin(connections, async (tx) => {
      // Sent together with the first statement of the work, which saves a round trip. If taking on
      // the role fails, the transaction is aborted and the statement behind it fails too.
      const settings = tx`
        select set_config('role', ${caller.role}, true),
          set_config('request.jwt.claims', ${JSON.stringify(caller.claims)}, true),
          set_config('request.jwt.claim.sub', ${subjectOf(caller)}, true),
          set_config('app.request_id', ${requestId}, true),
          set_config('app.require_staff_mfa', ${requireStaffMfa ? "on" : "off"}, true),
          set_config('statement_timeout', ${String(STATEMENT_TIMEOUT_MS)}, true),
          set_config('lock_timeout', ${String(LOCK_TIMEOUT_MS)}, true),
          set_config('idle_in_transaction_session_timeout', ${String(IDLE_TIMEOUT_MS)}, true)
      `.execute();
      const [result] = await Promise.all([work(tx), settings]);
      return result;
    });
  } catch (error) {
    if (isConnectionLost(error)) pool.replace(connections);
    throw error;
  }
}

/**
 * Runs a transaction and survives the loss of its connection. The driver (postgres 3.4.9) would
 * answer a failed transaction with `rollback` on a connection that is no more, and that ends the
 * process. So after a loss it is not told that the work has ended, and the work can send nothing
 * more; the server has rolled back already.
 */
function begin<Result>(
  connections: Connections,
  work: (tx: Transaction) => Promise<Result>,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    let isLost = false;
    const lose = (error: unknown) => {
      isLost = true;
      reject(error);
    };
    const guarded = (tx: Transaction): Transaction =>
      new Proxy(tx, {
        apply(target, self, statement) {
          if (isLost) throw new ApiError("service_unavailable");
          return Reflect.apply(target, self, statement);
        },
      });
    connections
      .begin(
        (tx) =>
          new Promise<{ result: Result }>((done, fail) => {
            work(guarded(tx)).then(
              (result) => isLost || done({ result }),
              (error) => isLost || (isConnectionLost(error) ? lose(error) : fail(error)),
            );
          }),
      )
      .then(({ result }) => resolve(result), lose);
  });
}

/** Random, so that two transactions that met do not meet again. */
function pause(attempt: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * attempt));
}
