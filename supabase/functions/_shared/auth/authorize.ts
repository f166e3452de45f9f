import type { RunTransaction } from "../db/transaction.ts";
import { ApiError } from "../errors.ts";
import type { OperationMetadata } from "../generated/operations.ts";
import { databaseCaller, type Principal } from "./principal.ts";

/**
 * Lets only staff with one of the operation's roles pass, or a machine key with one of its scopes.
 * It comes before the body is read, so that no answer tells an outsider what a valid request looks
 * like; the SQL behind the operation asks again, so that what is taken away in between counts.
 *
 * Operations without roles have nothing to check here: row-level security and the SQL functions
 * know whose data it is.
 *
 * @param operation its `x-roles`, `x-scopes` and `x-mfa` of the contract
 * @param requireStaffMfa whether `x-mfa: staff` counts in this deployment
 * @throws ApiError `forbidden`, `insufficient_scope`, `mfa_required`, `session_ended`
 */
export async function authorize(
  principal: Principal,
  { roles, scopes, mfa }: Pick<OperationMetadata, "roles" | "scopes" | "mfa">,
  transaction: RunTransaction,
  requireStaffMfa: boolean,
): Promise<void> {
  if (principal.kind === "machine") {
    if (!scopes.some((scope) => principal.scopes.includes(scope))) {
      throw new ApiError("insufficient_scope", {
        detail: `The API key lacks the scope ${scopes.join(" or ")}.`,
      });
    }
    return;
  }
  if (roles.length === 0) return;
  // Roles are asked for as what a person is everywhere, also where an operation acts as another role.
  const person: Principal =
    principal.kind === "operator" ? { ...principal, kind: "user" } : principal;
  await transaction(
    databaseCaller(person),
    (tx) => tx`
      select private.require_role(variadic ${`{${roles.join(",")}}`}::public.staff_role[])
    `,
  );
  // After the roles: only staff learns that a second factor is what is missing.
  if (requireStaffMfa && mfa === "staff" && aalOf(person) !== "aal2") {
    throw new ApiError("mfa_required", {
      detail: "Sign in with your second factor to do this.",
    });
  }
}

function aalOf(principal: Principal): unknown {
  return "claims" in principal ? principal.claims.aal : undefined;
}
