import type { RunTransaction } from "../db/transaction.ts";
import { databaseCaller, type Principal } from "./principal.ts";

/**
 * Lets only staff with one of the operation's roles pass. It comes before the body is read, so that
 * no answer tells an outsider what a valid request looks like; the SQL behind the operation asks
 * again, so that a role taken away in between counts.
 *
 * Operations without roles have nothing to check here: row-level security and the SQL functions
 * know whose data it is.
 *
 * @param roles `x-roles` of the contract
 * @throws ApiError `forbidden`
 */
export async function authorize(
  principal: Principal,
  roles: readonly string[],
  transaction: RunTransaction,
): Promise<void> {
  if (roles.length === 0) return;
  await transaction(
    databaseCaller(principal),
    (tx) => tx`
      select private.require_role(variadic ${`{${roles.join(",")}}`}::public.staff_role[])
    `,
  );
}
