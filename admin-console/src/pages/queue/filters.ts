import { useMemo, useState } from "react";
import { useSearchParams } from "wouter";
import type {
  KycStatus,
  RiskLevel,
} from "../../../../supabase/functions/_shared/generated/contract.ts";

export const STATUSES = [
  "in_review",
  "submitted",
  "processing",
  "resubmission_required",
  "approved",
  "rejected",
  "revoked",
  "expired",
  "draft",
  "abandoned",
  "cancelled",
] as const satisfies readonly KycStatus[];

export const RISKS = ["low", "medium", "high", "critical"] as const satisfies readonly RiskLevel[];

export const SORTS = {
  waiting_since: "Longest waiting first",
  "-waiting_since": "Latest change first",
  created_at: "Oldest first",
  "-created_at": "Newest first",
} as const;
export type Sort = keyof typeof SORTS;
export const SORT_KEYS = [
  "waiting_since",
  "-waiting_since",
  "created_at",
  "-created_at",
] as const satisfies readonly Sort[];

export const HOLDERS = ["me", "none"] as const;
type Holder = (typeof HOLDERS)[number];

export interface Filters {
  readonly status: KycStatus[];
  readonly risk: RiskLevel[];
  readonly holder: Holder | "";
  readonly country: string;
  readonly sort: Sort;
  /** A name or an address: kept out of the page's address, which stays in histories and logs. */
  readonly text: string;
}

const DEFAULT_STATUS: KycStatus[] = ["in_review"];

/** What the list shows; all but the search text is in the address, so that it can be shared. */
export function useFilters() {
  const [search, setSearch] = useSearchParams();
  const [text, setText] = useState("");
  const filters: Filters = useMemo(() => {
    const status = STATUSES.filter((each) => search.getAll("status").includes(each));
    return {
      status: status.length > 0 || search.get("status") === "any" ? status : DEFAULT_STATUS,
      risk: RISKS.filter((each) => search.getAll("risk").includes(each)),
      holder: HOLDERS.find((each) => each === search.get("holder")) ?? "",
      country: search.get("country") ?? "",
      sort: SORT_KEYS.find((each) => each === search.get("sort")) ?? "waiting_since",
      text,
    };
  }, [search, text]);

  const change = (part: Partial<Filters>) => {
    const next = { ...filters, ...part };
    setText(next.text);
    const status = next.status.length > 0 ? next.status : ["any"];
    setSearch(
      new URLSearchParams([
        ...status.map((each) => ["status", each]),
        ...next.risk.map((each) => ["risk", each]),
        ...(next.holder ? [["holder", next.holder]] : []),
        ...(next.country ? [["country", next.country]] : []),
        ["sort", next.sort],
      ]),
      { replace: true },
    );
  };
  return { filters, change };
}
