import { useState } from "react";
import type { AdminOutboxMessage } from "../../../../supabase/functions/_shared/generated/contract.ts";
import { bodyOf } from "../../api/client.ts";
import { useApi, useCan } from "../../auth/auth-context.tsx";
import { Badge, Id, Time, type Tone } from "../../ui/basics.tsx";
import { Select } from "../../ui/form.tsx";
import { words } from "../../ui/format.ts";
import { Page } from "../../ui/page.tsx";
import { PagesOf, useList } from "../../ui/pages-of.tsx";
import { RepeatButton } from "../../ui/repeat-button.tsx";
import { type Column, Table } from "../../ui/table.tsx";

const OUTBOX = ["outbox"];
const STATES = ["dead", "pending", "sent", "cancelled"] as const;
type State = (typeof STATES)[number];
const TONES = {
  pending: "info",
  sent: "good",
  dead: "bad",
  cancelled: "neutral",
} satisfies Record<AdminOutboxMessage["status"], Tone>;

function Retry({ message_id, status }: AdminOutboxMessage) {
  const api = useApi();
  const can = useCan();
  if (status !== "dead" || !can("admin.retryOutboxMessage")) return null;
  return (
    <RepeatButton
      label="Send again"
      list={OUTBOX}
      send={(key) =>
        api.POST("/admin/outbox/{message_id}/retry", {
          params: { path: { message_id }, header: { "Idempotency-Key": key } },
        })
      }
    />
  );
}

const COLUMNS: readonly Column<AdminOutboxMessage>[] = [
  {
    head: "Message",
    cell: ({ topic, message_id }) => (
      <>
        <code className="whole">{topic}</code> <Id value={message_id} />
      </>
    ),
  },
  { head: "State", cell: ({ status }) => <Badge tone={TONES[status]}>{words(status)}</Badge> },
  { head: "About", wide: true, cell: ({ subject_id }) => <Id value={subject_id} /> },
  { head: "Tries", numeric: true, cell: ({ attempts }) => attempts },
  {
    head: "Last answer",
    wide: true,
    cell: ({ last_http_status, last_error }) => (
      <>
        {last_http_status ?? "–"} {last_error && <span className="small faint">{last_error}</span>}
      </>
    ),
  },
  { head: "Next", wide: true, cell: ({ next_attempt_at }) => <Time value={next_attempt_at} /> },
  { head: "Written", wide: true, cell: ({ created_at }) => <Time value={created_at} /> },
  { head: "Actions", cell: (message) => <Retry {...message} /> },
];

/** What is sent to the provider and to storage. */
export function OutboxPage() {
  const api = useApi();
  const [state, setState] = useState<State | "">("");
  const list = useList({
    queryKey: [...OUTBOX, state],
    read: async (cursor) => {
      const status = state ? [state] : undefined;
      return bodyOf(
        await api.GET("/admin/outbox", {
          params: { query: { status, sort: "-created_at", limit: 50, cursor } },
        }),
      );
    },
  });
  return (
    <Page title="Outbox">
      <div className="filters">
        <Select label="State" none="Any" options={STATES} value={state} onChange={setState} />
      </div>
      <PagesOf list={list} empty="No message matches.">
        {(items) => (
          <Table
            caption="Messages to the provider and to storage"
            columns={COLUMNS}
            rows={items}
            rowKey={({ message_id }) => message_id}
          />
        )}
      </PagesOf>
    </Page>
  );
}
