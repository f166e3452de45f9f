import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { AdminStats } from "../../../../supabase/functions/_shared/generated/contract.ts";
import { bodyOf } from "../../api/client.ts";
import { useApi } from "../../auth/auth-context.tsx";
import { Card, Loading, Time } from "../../ui/basics.tsx";
import { Select } from "../../ui/form.tsx";
import { count, duration, words } from "../../ui/format.ts";
import { ErrorNotice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { type Bar, Bars } from "./bars.tsx";
import { BacklogCard, ReviewersCard, SlaCard } from "./cards.tsx";
import "./stats.css";

const PERIODS = ["7", "30", "90", "365"] as const;
type Period = (typeof PERIODS)[number];
const DAY_MS = 86_400_000;
const LIVE_MS = 30_000;

const milliseconds = (value: number) => `${count(Math.round(value))} ms`;

/** A row that measured nothing has no length. */
function percentiles<Row>(
  rows: readonly Row[],
  label: (row: Row) => string,
  ends: (row: Row) => readonly [number | null, number | null],
): Bar[] {
  return rows.flatMap((row) => {
    const [value, behind] = ends(row);
    return value === null ? [] : [{ label: label(row), value, behind }];
  });
}

interface ChartsProps {
  readonly stats: AdminStats;
}

function Funnel({ stats }: ChartsProps) {
  return (
    <Card title="Funnel">
      <Bars
        title="Verifications that got so far"
        measures={["Verifications"]}
        format={count}
        empty="Nobody has started in this period."
        bars={stats.funnel.map(({ step, count: value }) => ({ label: words(step), value }))}
      />
    </Card>
  );
}

function DecisionTimes({ stats }: ChartsProps) {
  const times = percentiles(
    stats.decision_time,
    ({ decided_by }) => words(decided_by),
    ({ p50_seconds, p95_seconds }) => [p50_seconds, p95_seconds],
  );
  return (
    <Card title="Time to decision">
      <Bars
        title="Decided by"
        measures={["Median", "95 % within"]}
        format={duration}
        empty="Nothing was decided in this period."
        bars={times}
      />
    </Card>
  );
}

function Reasons({ stats }: ChartsProps) {
  return (
    <Card title="Reasons">
      <Bars
        title="Reason"
        measures={["Rejections", "With requests to resubmit"]}
        format={count}
        empty="Nothing was rejected or sent back in this period."
        bars={stats.reasons.slice(0, 10).map(({ reason_code, rejections, resubmissions }) => ({
          label: words(reason_code),
          value: rejections,
          behind: rejections + resubmissions,
        }))}
      />
    </Card>
  );
}

function Providers({ stats }: ChartsProps) {
  const latencies = percentiles(
    stats.providers,
    ({ provider, requests, failures }) => `${provider} (${count(failures)}/${count(requests)})`,
    ({ p50_ms, p95_ms }) => [p50_ms, p95_ms],
  );
  return (
    <Card title="Provider">
      <Bars
        title="Provider (failures/requests)"
        measures={["Median", "95 % within"]}
        format={milliseconds}
        empty="No provider was asked in this period."
        bars={latencies}
      />
    </Card>
  );
}

function Now({ stats }: ChartsProps) {
  return (
    <Card title="Now">
      <Bars
        title="Status"
        measures={["Verifications"]}
        format={count}
        empty="There are no verifications."
        bars={stats.status_counts.map(({ status, count: value }) => ({
          label: words(status),
          value,
        }))}
      />
    </Card>
  );
}

/** Figures of the work, and what waits. */
export function StatsPage() {
  const api = useApi();
  const [days, setDays] = useState<Period>("30");
  const { data, error, refetch } = useQuery({
    queryKey: ["stats", days],
    queryFn: async () => {
      const from = new Date(Date.now() - Number(days) * DAY_MS).toISOString();
      return bodyOf(await api.GET("/admin/stats", { params: { query: { from } } }));
    },
    refetchInterval: LIVE_MS,
  });
  return (
    <Page title="Figures">
      <div className="filters">
        <Select
          label="Period"
          options={PERIODS}
          name={(each) => `The last ${each} days`}
          value={days}
          onChange={(each) => setDays(each || "30")}
        />
        {data && (
          <p className="small faint">
            As of <Time value={data.generated_at} />
          </p>
        )}
      </div>
      <ErrorNotice error={error} onRetry={() => void refetch()} />
      {!data && !error && <Loading />}
      {data && (
        <div className="stats">
          <Funnel stats={data} />
          <DecisionTimes stats={data} />
          <Reasons stats={data} />
          <Providers stats={data} />
          <Now stats={data} />
          <SlaCard sla={data.sla} />
          <ReviewersCard reviewers={data.reviewers} />
          <BacklogCard backlog={data.backlog} webhook_lag={data.webhook_lag} />
        </div>
      )}
    </Page>
  );
}
