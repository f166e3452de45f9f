import { useState } from "react";
import { Link, useLocation } from "wouter";
import type { AdminKycSummary } from "../../../../supabase/functions/_shared/generated/contract.ts";
import { bodyOf } from "../../api/client.ts";
import { useAction } from "../../api/use-action.ts";
import { useApi, useCan, useMe } from "../../auth/auth-context.tsx";
import { useRowKeys, useShortcut } from "../../shell/shortcuts.tsx";
import { Badge, Button, Id, Time } from "../../ui/basics.tsx";
import { fullName, words } from "../../ui/format.ts";
import { ErrorNotice, Notice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { PagesOf, useList } from "../../ui/pages-of.tsx";
import { RiskBadge, StatusBadge } from "../../ui/status.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { ExportButton } from "./export-button.tsx";
import { FilterBar } from "./filter-bar.tsx";
import { type Filters, useFilters } from "./filters.ts";

/** The list is asked again this often while it is in sight: it holds no whole profile, so it leaves no audit entry. */
const LIVE_MS = 3_000;
const PAGE_SIZE = 50;

function Holder({ item, me }: { item: AdminKycSummary; me: string | undefined }) {
  if (item.assignee_id === null) return <span className="faint">Nobody</span>;
  if (item.assignee_id === me) return <Badge tone="info">You</Badge>;
  return <Id value={item.assignee_id} />;
}

function Due({ value }: { readonly value: string | null }) {
  const isLate = value !== null && new Date(value).getTime() < Date.now();
  return isLate ? (
    <Badge tone="bad">
      <Time value={value} />
    </Badge>
  ) : (
    <Time value={value} />
  );
}

const columnsFor = (me: string | undefined): readonly Column<AdminKycSummary>[] => [
  {
    head: "Person",
    cell: (item) => (
      <>
        <Link href={`/cases/${item.verification_id}`} className="row-link" data-row="">
          {fullName(item)}
        </Link>
        <div className="small faint">
          {item.country ?? "No country"} · <Id value={item.verification_id} />
        </div>
      </>
    ),
  },
  {
    head: "Status",
    cell: (item) => (
      <>
        <StatusBadge status={item.status} />
        {item.second_approval_pending && <Badge tone="info">Second vote</Badge>}
      </>
    ),
  },
  { head: "Risk", cell: ({ risk_level }) => <RiskBadge level={risk_level} /> },
  {
    head: "Why",
    wide: true,
    cell: ({ internal_reason_code: code }) =>
      code ? words(code) : <span className="faint">–</span>,
  },
  { head: "Waiting", wide: true, cell: ({ waiting_since }) => <Time value={waiting_since} /> },
  { head: "Due", wide: true, cell: ({ due_at }) => <Due value={due_at} /> },
  { head: "Holder", wide: true, cell: (item) => <Holder item={item} me={me} /> },
];

function useQueue(filters: Filters) {
  const api = useApi();
  const { status, risk, holder, country, sort, text } = filters;
  const q = text.trim();
  return useList({
    queryKey: ["kyc", "list", filters],
    everyMs: LIVE_MS,
    read: async (cursor) =>
      bodyOf(
        await api.GET("/admin/kyc", {
          params: {
            query: {
              sort,
              limit: PAGE_SIZE,
              cursor,
              status: status.length > 0 ? status : undefined,
              risk_level: risk.length > 0 ? risk : undefined,
              assignee: holder || undefined,
              country: country.length === 2 ? country : undefined,
              q: q.length > 1 ? q : undefined,
            },
          },
        }),
      ),
  });
}

function ClaimButton({ filters }: { readonly filters: Filters }) {
  const api = useApi();
  const [, go] = useLocation();
  const [isEmpty, setEmpty] = useState(false);
  const claim = useAction({
    send: async () => {
      const body = filters.risk.length > 0 ? { risk_level: filters.risk } : {};
      const { data } = await api.POST("/admin/kyc/next", { body });
      return data ?? null;
    },
    invalidates: [["kyc", "list"]],
    onDone: (found) => {
      setEmpty(found === null);
      if (found) go(`/cases/${found.verification_id}`);
    },
  });
  const run = () => void claim.run(undefined);
  useShortcut("c", "Claim the next case", run);
  return (
    <>
      {isEmpty && <Notice>Nothing waits for you.</Notice>}
      <ErrorNotice error={claim.error} />
      <Button look="primary" busy={claim.isRunning} onClick={run}>
        Claim next
      </Button>
    </>
  );
}

export function QueuePage() {
  const { me } = useMe();
  const can = useCan();
  const { filters, change } = useFilters();
  const list = useQueue(filters);
  useRowKeys("case");
  return (
    <Page
      title="Queue"
      actions={
        <>
          {can("admin.exportKycCsv") && <ExportButton filters={filters} />}
          {can("admin.claimNextKyc") && <ClaimButton filters={filters} />}
        </>
      }
    >
      <FilterBar filters={filters} onChange={change} />
      <PagesOf list={list} empty="No case matches. New ones appear here by themselves.">
        {(items) => (
          <Table
            caption="Cases"
            columns={columnsFor(me?.user_id)}
            rows={items}
            rowKey={({ verification_id }) => verification_id}
          />
        )}
      </PagesOf>
    </Page>
  );
}
