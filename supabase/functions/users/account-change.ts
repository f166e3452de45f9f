import {
  databaseCaller,
  type MachinePrincipal,
  type OperatorPrincipal,
} from "../_shared/auth/principal.ts";
import { only } from "../_shared/db/only.ts";
import type { RunTransaction } from "../_shared/db/transaction.ts";
import { ApiError } from "../_shared/errors.ts";

/** What has been written down in `private.account_changes` and Auth is to carry out. */
export type AccountChange = {
  readonly kind: "create" | "update";
  readonly userId: string;
  readonly email: string;
  /** Members of the person, for a change that has to be written down again. */
  readonly input: object;
  readonly expectedVersion: number | null;
  /** Whether this request repeats one that may have come any distance. */
  readonly isReplay: boolean;
  /** Asks Auth; answers whether Auth says that it did it. */
  readonly askAuth: () => Promise<boolean>;
};

type Caller = {
  readonly principal: OperatorPrincipal | MachinePrincipal;
  readonly transaction: RunTransaction;
};

type State =
  | { readonly outcome: "applied"; readonly version: number }
  | { readonly outcome: "pending" | "email_taken" | "stale" | "abandoned"; readonly version: null };

/**
 * Has Auth carry out a change, and finds out in our own database what became of it: there it was
 * written with the account, or not. Nothing is lost when this process dies at any point: a repeated
 * request goes on, and what nobody repeats is abandoned by the worker.
 *
 * @returns the version of the person after the change
 * @throws ApiError `email_taken`, `precondition_failed`, or `service_unavailable` when Auth does not
 * answer
 */
export async function carryOut(caller: Caller, change: AccountChange): Promise<number> {
  if (change.isReplay) {
    const state = await resume(caller, change);
    if (state.outcome === "applied") return state.version;
  }
  await change.askAuth();
  const { outcome, version } = await settle(caller, change);
  switch (outcome) {
    case "applied":
      return version;
    case "email_taken":
      throw new ApiError("email_taken");
    case "stale":
      throw new ApiError("precondition_failed");
    case "pending":
    case "abandoned":
      throw new ApiError("service_unavailable", {
        detail: "Auth did not answer. Repeat the request with the same Idempotency-Key.",
      });
  }
}

async function resume(
  { principal, transaction }: Caller,
  { kind, userId, email, input, expectedVersion }: AccountChange,
): Promise<State> {
  const { state } = only(
    await transaction(
      databaseCaller(principal),
      (tx) => tx<{ state: State }[]>`
        select private.resume_account_change(${kind}, ${userId}, ${email}, ${tx.json({ ...input })},
          ${expectedVersion}) as state
      `,
    ),
  );
  return state;
}

async function settle(
  { principal, transaction }: Caller,
  { kind, userId }: AccountChange,
): Promise<State> {
  const { state } = only(
    await transaction(
      databaseCaller(principal),
      (tx) => tx<{ state: State }[]>`
        select private.settle_account_change(${kind}, ${userId}) as state
      `,
    ),
  );
  return state;
}
