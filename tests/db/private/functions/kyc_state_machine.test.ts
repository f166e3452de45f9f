import { expect } from "vitest";
import { contractEnum } from "../../../helpers/contract-enum.ts";
import { anon, test } from "../../../helpers/db.ts";

test("everybody reads the machine, and it is the table", async ({ db }) => {
  const [row] = await db.as(anon, (sql) => sql`select private.kyc_state_machine() as machine`);
  const [count] = await db.sql`select count(*)::integer as rows from private.kyc_transitions`;
  expect(row?.machine.transitions).toHaveLength(count?.rows);
  expect(row?.machine.transitions[0]).toEqual({
    from: null,
    to: "draft",
    actor: "user",
    reason_required: false,
    four_eyes: false,
  });
  expect(row?.machine.states).toContainEqual({
    status: "expired",
    user_status: "action_required",
    is_open: false,
    is_final: true,
  });
});

test("every state can be reached and only ends have no exit", async ({ db }) => {
  const [row] = await db.as(anon, (sql) => sql`select private.kyc_state_machine() as machine`);
  const final = row?.machine.states
    .filter((state: { is_final: boolean }) => state.is_final)
    .map((state: { status: string }) => state.status);
  expect(final).toEqual(["abandoned", "cancelled", "expired", "revoked"]);
  const reached = new Set(row?.machine.transitions.map((rule: { to: string }) => rule.to));
  expect(reached.size).toBe(11);
});

test.for([
  ["KycStatus", "kyc_status"],
  ["KycActor", "kyc_actor"],
  ["StaffRole", "staff_role"],
  ["DocumentType", "document_type"],
  ["DocumentSide", "document_side"],
  ["DocumentStatus", "document_status"],
  ["RiskLevel", "risk_level"],
  ["ConsentDocument", "consent_document"],
  ["UserReasonCode", "kyc_user_reason_code"],
])("the contract's %s is the enum %s", async ([schema, type], { db }) => {
  const rows = await db.sql<{ label: string }[]>`
    select enumlabel as label from pg_enum where enumtypid = ${`public.${type}`}::text::regtype order by enumsortorder`;
  expect(contractEnum(schema ?? "")).toEqual(rows.map(({ label }) => label));
});
