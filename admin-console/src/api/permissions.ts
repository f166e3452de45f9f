import type { StaffRole } from "../../../supabase/functions/_shared/generated/contract.ts";
import { operations } from "../../../supabase/functions/_shared/generated/operations.ts";

export type OperationId = keyof typeof operations;

/** Whether the contract lets one of these roles call an operation. The server decides; this only hides. */
export function mayCall(roles: readonly StaffRole[], id: OperationId): boolean {
  const allowed: readonly string[] = operations[id].roles;
  return roles.some((role) => allowed.includes(role));
}
