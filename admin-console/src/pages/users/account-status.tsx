import type { AdminAccountStatus } from "../../../../supabase/functions/_shared/generated/contract.ts";
import { Badge, type Tone } from "../../ui/basics.tsx";
import { words } from "../../ui/format.ts";

const TONES = {
  active: "good",
  suspended: "bad",
  soft_deleted: "neutral",
  permanently_deleted: "neutral",
} satisfies Record<AdminAccountStatus, Tone>;

export function AccountStatus({ status }: { readonly status: AdminAccountStatus }) {
  return <Badge tone={TONES[status]}>{words(status)}</Badge>;
}
