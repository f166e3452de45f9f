import type { AdminStats } from "../../../../supabase/functions/_shared/generated/contract.ts";
import { Badge, Card, Empty, Facts, Id, Time } from "../../ui/basics.tsx";
import { count, duration } from "../../ui/format.ts";
import { RiskBadge } from "../../ui/status.tsx";
import { Table } from "../../ui/table.tsx";

const orDash = (value: number | null, format: (value: number) => string) =>
  value === null ? "–" : format(value);

/** Reviews against their targets. */
export function SlaCard({ sla }: Pick<AdminStats, "sla">) {
  return (
    <Card title="Targets">
      <Table
        caption="Reviews against their targets, by risk"
        rows={sla}
        rowKey={({ risk_level }) => risk_level}
        columns={[
          { head: "Risk", cell: ({ risk_level }) => <RiskBadge level={risk_level} /> },
          { head: "Target", numeric: true, cell: (row) => duration(row.target_seconds) },
          { head: "Open", numeric: true, cell: ({ open }) => count(open) },
          {
            head: "Late",
            numeric: true,
            cell: ({ open_overdue }) =>
              open_overdue > 0 ? <Badge tone="bad">{count(open_overdue)}</Badge> : "0",
          },
          { head: "Closed", numeric: true, cell: ({ closed }) => count(closed) },
          {
            head: "Closed late",
            numeric: true,
            cell: ({ closed_overdue }) => count(closed_overdue),
          },
        ]}
      />
    </Card>
  );
}

export function ReviewersCard({ reviewers }: Pick<AdminStats, "reviewers">) {
  return (
    <Card title="Reviewers">
      {reviewers.length === 0 ? (
        <Empty>Nobody has decided in this period.</Empty>
      ) : (
        <Table
          caption="Decisions per member of staff"
          rows={reviewers}
          rowKey={({ reviewer_id }) => reviewer_id}
          columns={[
            { head: "Who", cell: ({ reviewer_id }) => <Id value={reviewer_id} /> },
            { head: "Approved", numeric: true, cell: ({ approved }) => count(approved) },
            { head: "Rejected", numeric: true, cell: ({ rejected }) => count(rejected) },
            {
              head: "Sent back",
              numeric: true,
              cell: (row) => count(row.resubmission_requested),
            },
            { head: "Second votes", numeric: true, cell: (row) => count(row.second_votes) },
            { head: "Median", numeric: true, cell: ({ p50_seconds }) => duration(p50_seconds) },
          ]}
        />
      )}
    </Card>
  );
}

/** What waits now. */
export function BacklogCard({ backlog, webhook_lag }: Pick<AdminStats, "backlog" | "webhook_lag">) {
  const ms = (value: number | null) => orDash(value, (each) => `${count(Math.round(each))} ms`);
  return (
    <Card title="Queues">
      <Facts
        items={[
          ["Messages to send", count(backlog.outbox_pending)],
          ["Oldest of them", <Time key="oldest" value={backlog.outbox_oldest_at} />],
          [
            "Messages given up",
            backlog.outbox_dead > 0 ? (
              <Badge key="dead" tone="bad">
                {count(backlog.outbox_dead)}
              </Badge>
            ) : (
              "0"
            ),
          ],
          ["Events that wait", count(backlog.inbox_parked)],
          ["Events that contradict", count(backlog.inbox_conflict)],
          [
            "Longest at the provider",
            <Time key="processing" value={backlog.oldest_processing_at} />,
          ],
          ["Events applied", count(webhook_lag.events)],
          ["Their delay, median and 95 %", `${ms(webhook_lag.p50_ms)}, ${ms(webhook_lag.p95_ms)}`],
        ]}
      />
    </Card>
  );
}
