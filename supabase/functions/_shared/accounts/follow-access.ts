import type { RunTransaction } from "../db/transaction.ts";
import { ApiError } from "../errors.ts";
import type { Accounts } from "./accounts.ts";
import { runAccountTasks } from "./run-account-tasks.ts";

/**
 * Tells Auth who may sign in, after a suspension, a deletion or the opposite has been committed.
 * Sessions have ended with the commit; this keeps new ones from beginning, or no longer does, before
 * the caller hears of success. Should Auth not answer, the worker goes on trying.
 *
 * @throws ApiError `service_unavailable`
 */
export async function followAccess(
  { accounts }: { readonly accounts: Accounts },
  transaction: RunTransaction,
  userId: string,
): Promise<void> {
  const { failed } = await runAccountTasks({ accounts, transaction }, { userId });
  if (failed > 0) {
    throw new ApiError("service_unavailable", {
      detail: "The change is made, but Auth did not answer. Repeat the request to be sure.",
    });
  }
}
