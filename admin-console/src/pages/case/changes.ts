import type { AdminKycSummary } from "../../../../supabase/functions/_shared/generated/contract.ts";
import { shortId, words } from "../../ui/format.ts";

const shown = (value: string | number | null) => (value === null ? "none" : words(String(value)));
const holder = (id: string | null) => (id === null ? "nobody" : shortId(id));

type Part = readonly [label: string, of: (item: AdminKycSummary) => string];

const PARTS: readonly Part[] = [
  ["Status", ({ status }) => shown(status)],
  ["Risk", ({ risk_level }) => shown(risk_level)],
  ["Attempt", ({ attempt }) => shown(attempt)],
  ["Holder", ({ assignee_id }) => holder(assignee_id)],
  [
    "Second vote",
    ({ second_approval_pending }) => (second_approval_pending ? "asked for" : "none"),
  ],
  ["Version", ({ version }) => String(version)],
];

/** What is different between two looks at a case, in words. */
export function changesBetween(before: AdminKycSummary, after: AdminKycSummary): string[] {
  return PARTS.filter(([, of]) => of(before) !== of(after)).map(
    ([label, of]) => `${label}: ${of(before)} → ${of(after)}`,
  );
}
