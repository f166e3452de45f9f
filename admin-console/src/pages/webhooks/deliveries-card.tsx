import { useState } from "react";
import type { AdminWebhookDelivery } from "../../../../supabase/functions/_shared/generated/contract.ts";
import { bodyOf } from "../../api/client.ts";
import { useApi, useCan } from "../../auth/auth-context.tsx";
import { Badge, Card, Id, Time, type Tone } from "../../ui/basics.tsx";
import { Select } from "../../ui/form.tsx";
import { words } from "../../ui/format.ts";
import { PagesOf, useList } from "../../ui/pages-of.tsx";
import { RepeatButton } from "../../ui/repeat-button.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { DELIVERIES } from "./use-endpoints.ts";

const STATES = ["pending", "delivered", "failed", "dropped"] as const;
type State = (typeof STATES)[number];
const TONES = {
  pending: "info",
  delivered: "good",
  failed: "bad",
  dropped: "neutral",
} satisfies Record<AdminWebhookDelivery["status"], Tone>;

function Redeliver({ delivery_id, status }: AdminWebhookDelivery) {
  const api = useApi();
  const can = useCan();
  if (status === "pending" || status === "dropped" || !can("admin.redeliverWebhook")) return null;
  return (
    <RepeatButton
      label="Send again"
      list={DELIVERIES}
      send={(key) =>
        api.POST("/admin/webhook-deliveries/{delivery_id}/redeliver", {
          params: { path: { delivery_id }, header: { "Idempotency-Key": key } },
        })
      }
    />
  );
}

const COLUMNS: readonly Column<AdminWebhookDelivery>[] = [
  {
    head: "Event",
    cell: ({ event_type, event_id }) => (
      <>
        <code className="whole">{event_type}</code> <Id value={event_id} />
      </>
    ),
  },
  { head: "State", cell: ({ status }) => <Badge tone={TONES[status]}>{words(status)}</Badge> },
  { head: "About", wide: true, cell: ({ subject_id }) => <Id value={subject_id} /> },
  { head: "Sequence", wide: true, numeric: true, cell: ({ sequence }) => sequence },
  { head: "Tries", numeric: true, cell: ({ attempts }) => attempts },
  {
    head: "Last answer",
    wide: true,
    cell: ({ last_http_status, last_error, last_duration_ms }) => (
      <>
        {last_http_status ?? "–"}{" "}
        <span className="small faint">
          {last_error ?? (last_duration_ms === null ? "" : `${last_duration_ms} ms`)}
        </span>
      </>
    ),
  },
  { head: "Next", wide: true, cell: ({ next_attempt_at }) => <Time value={next_attempt_at} /> },
  { head: "Since", wide: true, cell: ({ created_at }) => <Time value={created_at} /> },
  { head: "Actions", cell: (delivery) => <Redeliver {...delivery} /> },
];

/** The log of what was sent to customers. */
export function DeliveriesCard() {
  const api = useApi();
  const [state, setState] = useState<State | "">("");
  const list = useList({
    queryKey: [...DELIVERIES, state],
    read: async (cursor) => {
      const status = state ? [state] : undefined;
      return bodyOf(
        await api.GET("/admin/webhook-deliveries", {
          params: { query: { status, sort: "-created_at", limit: 50, cursor } },
        }),
      );
    },
  });
  return (
    <Card title="Deliveries">
      <div className="filters">
        <Select label="State" none="Any" options={STATES} value={state} onChange={setState} />
      </div>
      <PagesOf list={list} empty="No delivery matches.">
        {(items) => (
          <Table
            caption="Deliveries, newest first"
            columns={COLUMNS}
            rows={items}
            rowKey={({ delivery_id }) => delivery_id}
          />
        )}
      </PagesOf>
    </Card>
  );
}
