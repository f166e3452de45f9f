import { SERVICE } from "../auth/principal.ts";
import type { RunTransaction } from "../db/transaction.ts";
import type { Accounts } from "./accounts.ts";

export type AccountTasks = {
  readonly accounts: Accounts;
  readonly transaction: RunTransaction;
};

/** How many tasks were claimed, and how many of them Auth did not do. */
export type AccountTasksReport = { readonly claimed: number; readonly failed: number };

/** A call to Auth that is due; see `private.claim_account_tasks`. */
type Task = {
  readonly user_id: string;
  readonly task: "access" | "invitation" | "recovery";
  readonly generation: number;
  readonly email: string;
  readonly is_blocked: boolean;
  readonly is_wanted: boolean;
};

/**
 * Tells Auth what it has to know about accounts: up to `limit` tasks that are due, or the access of
 * one person, now, because somebody waits for it. What is to be done is read with the claim, so a
 * change in between counts.
 *
 * @example await runAccountTasks(tasks, { limit: 100 });
 */
export async function runAccountTasks(
  tasks: AccountTasks,
  which: { readonly limit: number } | { readonly userId: string },
): Promise<AccountTasksReport> {
  const [limit, userId] = "userId" in which ? [1, which.userId] : [which.limit, null];
  const claimed = await tasks.transaction(
    SERVICE,
    (tx) => tx<Task[]>`select * from private.claim_account_tasks(${limit}, ${userId})`,
  );
  const outcomes = await Promise.all(claimed.map((task) => runTask(tasks, task)));
  return { claimed: claimed.length, failed: outcomes.filter((isDone) => !isDone).length };
}

async function runTask({ accounts, transaction }: AccountTasks, task: Task): Promise<boolean> {
  const { user_id: id, task: name, generation } = task;
  const isDone = !task.is_wanted || (await tellAuth(accounts, task));
  await transaction(SERVICE, (tx) =>
    isDone
      ? tx`select private.finish_account_task(${id}, ${name}, ${generation})`
      : tx`select private.fail_account_task(${id}, ${name}, ${generation}, 'Auth did not do it.')`,
  );
  return isDone;
}

function tellAuth(accounts: Accounts, task: Task): Promise<boolean> {
  switch (task.task) {
    case "access":
      return accounts.setBlocked(task.user_id, task.is_blocked);
    case "invitation":
      return accounts.invite(task.email);
    case "recovery":
      return accounts.sendRecovery(task.email);
  }
}
