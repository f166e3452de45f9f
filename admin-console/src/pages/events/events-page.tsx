import { useState } from "react";
import { Link } from "wouter";
import type { AdminWebhookEvent } from "../../../../supabase/functions/_shared/generated/contract.ts";
import { bodyOf } from "../../api/client.ts";
import { useApi, useCan } from "../../auth/auth-context.tsx";
import { Badge, Id, Time, type Tone } from "../../ui/basics.tsx";
import { Select } from "../../ui/form.tsx";
import { words } from "../../ui/format.ts";
import { Page } from "../../ui/page.tsx";
import { PagesOf, useList } from "../../ui/pages-of.tsx";
import { RepeatButton } from "../../ui/repeat-button.tsx";
import { type Column, Table } from "../../ui/table.tsx";

const EVENTS = ["provider-events"];
const RESULTS = ["parked", "conflict", "dead", "stale", "ignored", "applied"] as const;
type Result = (typeof RESULTS)[number];
const TONES = {
  applied: "good",
  stale: "neutral",
  ignored: "neutral",
  parked: "warn",
  conflict: "bad",
  dead: "bad",
} satisfies Record<AdminWebhookEvent["result"], Tone>;
/** What had its effect already would have none again. */
const REPLAYABLE: readonly Result[] = ["parked", "conflict", "dead"];

function Replay({ event_id, result }: AdminWebhookEvent) {
  const api = useApi();
  const can = useCan();
  if (!REPLAYABLE.includes(result) || !can("admin.replayWebhookEvent")) return null;
  return (
    <RepeatButton
      label="Apply again"
      list={EVENTS}
      send={(key) =>
        api.POST("/admin/webhook-events/{event_id}/replay", {
          params: { path: { event_id }, header: { "Idempotency-Key": key } },
        })
      }
    />
  );
}

const COLUMNS: readonly Column<AdminWebhookEvent>[] = [
  {
    head: "Event",
    cell: ({ event_type, provider, provider_event_id }) => (
      <>
        <code className="whole">{event_type}</code>
        <div className="small faint">
          {provider} <Id value={provider_event_id} />
        </div>
      </>
    ),
  },
  {
    head: "Result",
    cell: ({ result, mismatches, error }) => (
      <>
        <Badge tone={TONES[result]} {...(error ? { title: error } : {})}>
          {words(result)}
        </Badge>
        {mismatches > 0 && <Badge tone="bad">Other bytes: {mismatches}</Badge>}
      </>
    ),
  },
  {
    head: "Case",
    cell: ({ verification_id: id }) =>
      id ? (
        <Link href={`/cases/${id}`}>
          <Id value={id} />
        </Link>
      ) : (
        <span className="faint">–</span>
      ),
  },
  { head: "Attempt", wide: true, numeric: true, cell: ({ attempt }) => attempt ?? "–" },
  { head: "Sequence", wide: true, numeric: true, cell: ({ sequence }) => sequence ?? "–" },
  { head: "Sent", wide: true, numeric: true, cell: ({ deliveries }) => `${deliveries} ×` },
  { head: "Arrived", wide: true, cell: ({ received_at }) => <Time value={received_at} /> },
  { head: "Actions", cell: (event) => <Replay {...event} /> },
];

/** What the provider has reported. */
export function EventsPage() {
  const api = useApi();
  const [result, setResult] = useState<Result | "">("");
  const list = useList({
    queryKey: [...EVENTS, result],
    read: async (cursor) => {
      const filter = result ? [result] : undefined;
      return bodyOf(
        await api.GET("/admin/webhook-events", {
          params: { query: { result: filter, sort: "-received_at", limit: 50, cursor } },
        }),
      );
    },
  });
  return (
    <Page title="Provider events">
      <div className="filters">
        <Select label="Result" none="Any" options={RESULTS} value={result} onChange={setResult} />
      </div>
      <PagesOf list={list} empty="No event matches.">
        {(items) => (
          <Table
            caption="Events of the provider, newest first"
            columns={COLUMNS}
            rows={items}
            rowKey={({ event_id }) => event_id}
          />
        )}
      </PagesOf>
    </Page>
  );
}
