import type { StaffRole } from "../../../../supabase/functions/_shared/generated/contract.ts";

export const ROLES = [
  "support",
  "reviewer",
  "approver",
  "compliance_admin",
  "auditor",
  "admin",
] as const satisfies readonly StaffRole[];
