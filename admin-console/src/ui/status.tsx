import type {
  KycStatus,
  KycUserStatus,
  RiskLevel,
} from "../../../supabase/functions/_shared/generated/contract.ts";
import { Badge, type Tone } from "./basics.tsx";
import { words } from "./format.ts";

const STATUS_TONES = {
  draft: "neutral",
  submitted: "info",
  processing: "info",
  in_review: "warn",
  resubmission_required: "warn",
  approved: "good",
  rejected: "bad",
  abandoned: "neutral",
  cancelled: "neutral",
  expired: "neutral",
  revoked: "bad",
} satisfies Record<KycStatus, Tone>;

export function StatusBadge({ status }: { readonly status: KycStatus }) {
  return <Badge tone={STATUS_TONES[status]}>{words(status)}</Badge>;
}

const USER_STATUS_TONES = {
  not_started: "neutral",
  action_required: "warn",
  pending: "info",
  approved: "good",
  declined: "bad",
} satisfies Record<KycUserStatus, Tone>;

export function UserStatusBadge({ status }: { readonly status: KycUserStatus }) {
  return <Badge tone={USER_STATUS_TONES[status]}>{words(status)}</Badge>;
}

const RISK_TONES = {
  low: "good",
  medium: "info",
  high: "warn",
  critical: "bad",
} satisfies Record<RiskLevel, Tone>;

export function RiskBadge({ level }: { readonly level: RiskLevel | null }) {
  if (level === null) return <span className="faint">–</span>;
  return <Badge tone={RISK_TONES[level]}>{words(level)}</Badge>;
}
