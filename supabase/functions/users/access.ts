import { runAccountTasks } from "../_shared/accounts/run-account-tasks.ts";
import type { RunTransaction } from "../_shared/db/transaction.ts";
import { ApiError } from "../_shared/errors.ts";
import type { UsersDeps } from "./deps.ts";

/** What the database answers to a deletion or its opposite. */
export type ChangedUser = { readonly user_id: string; readonly version: number };

/**
 * Tells Auth who may sign in, after a deletion or its opposite has been committed. Sessions have
 * ended with the commit; this keeps new ones from beginning, or no longer does, before the caller
 * hears of success. Should Auth not answer, the worker goes on trying.
 *
 * @throws ApiError `service_unavailable`
 */
export async function followAccess(
  { accounts }: UsersDeps,
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
