import { useState } from "react";
import type { AuditEntry } from "../../../../supabase/functions/_shared/generated/contract.ts";
import { bodyOf } from "../../api/client.ts";
import { useApi, useCan } from "../../auth/auth-context.tsx";
import { Badge, Id, Time } from "../../ui/basics.tsx";
import { Select, TextInput } from "../../ui/form.tsx";
import { words } from "../../ui/format.ts";
import { Page } from "../../ui/page.tsx";
import { PagesOf, useList } from "../../ui/pages-of.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { VerifyCard } from "./verify-card.tsx";
import "./audit.css";

const ACTORS = ["user", "provider", "staff", "scheduler", "system", "machine"] as const;

interface Filters {
  readonly actor_kind: (typeof ACTORS)[number] | "";
  readonly action: string;
  readonly subject_id: string;
  readonly actor_id: string;
  readonly request_id: string;
}

const NO_FILTERS: Filters = {
  actor_kind: "",
  action: "",
  subject_id: "",
  actor_id: "",
  request_id: "",
};

/** What is empty is not asked for. */
const chosen = (filters: Filters) =>
  Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== ""));

function FilterBar(props: { filters: Filters; onChange: (filters: Filters) => void }) {
  const { filters, onChange } = props;
  const set = (part: Partial<Filters>) => onChange({ ...filters, ...part });
  return (
    <div className="filters">
      <Select
        label="Who"
        none="Anybody"
        options={ACTORS}
        value={filters.actor_kind}
        onChange={(actor_kind) => set({ actor_kind })}
      />
      <TextInput
        label="Action"
        placeholder="kyc. for all of a group"
        value={filters.action}
        onChange={(text) => set({ action: text.toLowerCase().replace(/[^a-z0-9_.]/g, "") })}
      />
      <TextInput
        label="About (id)"
        value={filters.subject_id}
        onChange={(text) => set({ subject_id: text.trim() })}
      />
      <TextInput
        label="Actor (id)"
        value={filters.actor_id}
        onChange={(text) => set({ actor_id: text.trim() })}
      />
      <TextInput
        label="Request (id)"
        value={filters.request_id}
        onChange={(text) => set({ request_id: text.replace(/[^A-Za-z0-9_-]/g, "") })}
      />
    </div>
  );
}

const COLUMNS: readonly Column<AuditEntry>[] = [
  { head: "When", cell: ({ at }) => <Time value={at} absolute /> },
  { head: "Action", cell: ({ action }) => <code className="whole">{action}</code> },
  {
    head: "Who",
    cell: ({ actor_kind, actor_id }) => (
      <>
        <Badge>{words(actor_kind)}</Badge> <Id value={actor_id} />
      </>
    ),
  },
  {
    head: "About",
    cell: ({ subject_type, subject_id }) => (
      <>
        {words(subject_type)} <Id value={subject_id} />
      </>
    ),
  },
  {
    head: "Reason",
    wide: true,
    cell: ({ reason_code }) =>
      reason_code ? words(reason_code) : <span className="faint">–</span>,
  },
  { head: "Request", wide: true, cell: ({ request_id }) => <Id value={request_id} /> },
  {
    head: "Chain",
    wide: true,
    cell: ({ stream, sequence, hash }) => (
      <span className="small faint" title={`${stream}, hash ${hash}`}>
        {stream.split(":")[0]} {sequence}
      </span>
    ),
  },
];

/** Who did what, and the proof that nobody changed it afterwards. */
export function AuditPage() {
  const api = useApi();
  const can = useCan();
  const [filters, setFilters] = useState(NO_FILTERS);
  const list = useList({
    queryKey: ["audit", filters],
    read: async (cursor) =>
      bodyOf(
        await api.GET("/admin/audit", {
          params: { query: { ...chosen(filters), sort: "-at", limit: 50, cursor } },
        }),
      ),
  });
  return (
    <Page title="Audit">
      <div className="audit-head">
        {can("admin.verifyAudit") && <VerifyCard />}
        <FilterBar filters={filters} onChange={setFilters} />
      </div>
      <PagesOf list={list} empty="No entry matches.">
        {(items) => (
          <Table
            caption="Audit log, newest first"
            columns={COLUMNS}
            rows={items}
            rowKey={({ audit_id }) => audit_id}
          />
        )}
      </PagesOf>
    </Page>
  );
}
