import type { Accounts } from "../../_shared/accounts/accounts.ts";
import { runAccountTasks } from "../../_shared/accounts/run-account-tasks.ts";
import { SERVICE } from "../../_shared/auth/principal.ts";
import { only } from "../../_shared/db/only.ts";
import type { RunTransaction } from "../../_shared/db/transaction.ts";
import type { WorkerJobReport } from "../../_shared/generated/contract.ts";

/**
 * Finishes what requests about accounts have left: changes that Auth never carried out are
 * abandoned, invitations and bans that are still to be made are made.
 *
 * @returns one entry for each kind of work that there was
 */
export async function tendAccounts(
  accounts: Accounts,
  transaction: RunTransaction,
  limit: number,
): Promise<WorkerJobReport[]> {
  const { abandoned } = only(
    await transaction(
      SERVICE,
      (tx) => tx<{ abandoned: number }[]>`
        select private.abandon_account_changes(${limit}) as abandoned
      `,
    ),
  );
  const { claimed } = await runAccountTasks({ accounts, transaction }, { limit });
  return [
    { job: "abandon_account_changes", affected: abandoned },
    { job: "account_tasks", affected: claimed },
  ].filter(({ affected }) => affected > 0);
}
