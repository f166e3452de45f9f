import { useState } from "react";
import { Link } from "wouter";
import type { AdminErasureRequest } from "../../../../supabase/functions/_shared/generated/contract.ts";
import { bodyOf } from "../../api/client.ts";
import { useApi } from "../../auth/auth-context.tsx";
import { useRowKeys } from "../../shell/shortcuts.tsx";
import { Badge, Id, Time, type Tone } from "../../ui/basics.tsx";
import { Select } from "../../ui/form.tsx";
import { words } from "../../ui/format.ts";
import { Page } from "../../ui/page.tsx";
import { PagesOf, useList } from "../../ui/pages-of.tsx";
import { type Column, Table } from "../../ui/table.tsx";

type Status = AdminErasureRequest["status"];
const STATUSES = [
  "accepted",
  "scheduled",
  "legal_hold",
  "completed",
] as const satisfies readonly Status[];
const TONES = {
  accepted: "info",
  scheduled: "info",
  legal_hold: "warn",
  completed: "good",
} satisfies Record<Status, Tone>;

const COLUMNS: readonly Column<AdminErasureRequest>[] = [
  {
    head: "Person",
    cell: ({ user_id }) => (
      <Link href={`/users/${user_id}`} data-row="">
        <Id value={user_id} />
      </Link>
    ),
  },
  { head: "State", cell: ({ status }) => <Badge tone={TONES[status]}>{words(status)}</Badge> },
  { head: "Asked", cell: ({ requested_at }) => <Time value={requested_at} absolute /> },
  {
    head: "Erased at once",
    wide: true,
    cell: ({ erased_now }) => erased_now.map(words).join(", "),
  },
  {
    head: "The rest after",
    wide: true,
    cell: ({ erasable_after }) => <Time value={erasable_after} absolute />,
  },
  {
    head: "At the provider",
    wide: true,
    cell: ({ provider_erased_at }) => <Time value={provider_erased_at} absolute />,
  },
  { head: "Done", wide: true, cell: ({ completed_at }) => <Time value={completed_at} absolute /> },
];

/** Who asked to be forgotten, and what is left to do. */
export function ErasuresPage() {
  const api = useApi();
  const [status, setStatus] = useState<Status | "">("");
  useRowKeys("request");
  const list = useList({
    queryKey: ["erasures", status],
    read: async (cursor) => {
      const query = {
        sort: "-requested_at" as const,
        limit: 50,
        cursor,
        status: status ? [status] : undefined,
      };
      return bodyOf(await api.GET("/admin/erasure-requests", { params: { query } }));
    },
  });
  return (
    <Page title="Erasure requests">
      <div className="filters">
        <Select label="State" none="Any" options={STATUSES} value={status} onChange={setStatus} />
      </div>
      <PagesOf list={list} empty="Nobody has asked to be erased.">
        {(items) => (
          <Table
            caption="Erasure requests, newest first"
            columns={COLUMNS}
            rows={items}
            rowKey={({ erasure_request_id }) => erasure_request_id}
          />
        )}
      </PagesOf>
    </Page>
  );
}
