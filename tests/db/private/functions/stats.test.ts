import { describe, expect } from "vitest";
import { type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { ingest } from "../../../helpers/db-events.ts";
import {
  createDraft,
  createPerson,
  createProcessing,
  createStaff,
  createSubmitted,
  move,
} from "../../../helpers/db-fixtures.ts";

interface Times {
  count: number;
  p50_seconds: number | null;
  p95_seconds: number | null;
}

interface Stats {
  from: string;
  to: string;
  status_counts: { status: string; count: number }[];
  funnel: { step: string; count: number }[];
  decision_time: (Times & { decided_by: string })[];
  sla: {
    risk_level: string;
    target_seconds: number;
    open: number;
    open_overdue: number;
    closed: number;
    closed_overdue: number;
  }[];
  reviewers: Record<string, unknown>[];
  reasons: { reason_code: string; rejections: number; resubmissions: number }[];
  providers: { provider: string; requests: number; failures: number; p50_ms: number | null }[];
  webhook_lag: { events: number; p50_ms: number | null; p95_ms: number | null };
  backlog: Record<string, unknown>;
}

const call = (sql: Db["sql"], from: string | null = null, to: string | null = null) =>
  sql<{ stats: Stats }[]>`select private.stats(${from}, ${to}) as stats`;

/** What an auditor reads once everything is summed up. */
async function read(db: Db, from: string | null = null, to: string | null = null): Promise<Stats> {
  await db.sql`select private.job_sum_figures(100)`;
  const auditor = await createStaff(db, "auditor");
  const [row] = await db.as(user(auditor), (sql) => call(sql, from, to));
  if (!row) throw new Error("No figures.");
  return row.stats;
}

const later = (db: Db, by: string) =>
  db.as(service, (sql) => sql`select private.shift_clock(${by}::text::interval)`);

const counts = (entries: readonly { step: string; count: number }[]) =>
  Object.fromEntries(entries.map(({ step, count }) => [step, count]));

test("nothing has happened: zeros, no percentiles, every name", async ({ db }) => {
  await db.sql`delete from private.figure_notes`;
  await db.sql`delete from private.figures`;
  const stats = await read(db);
  expect(stats.status_counts).toHaveLength(11);
  expect(new Set(stats.status_counts.map(({ count }) => count))).toEqual(new Set([0]));
  expect(stats.funnel.map(({ step }) => step)).toEqual([
    ...["started", "documents_uploaded", "submitted", "decided", "approved"],
  ]);
  expect(stats.decision_time).toEqual(
    ["all", "provider", "staff"].map((decided_by) => ({
      decided_by,
      count: 0,
      p50_seconds: null,
      p95_seconds: null,
    })),
  );
  expect(stats.sla.map(({ risk_level, target_seconds }) => [risk_level, target_seconds])).toEqual([
    ["low", 172_800],
    ["medium", 86_400],
    ["high", 28_800],
    ["critical", 14_400],
  ]);
  expect([stats.reviewers, stats.reasons, stats.providers]).toEqual([[], [], []]);
  expect(stats.webhook_lag).toEqual({ events: 0, p50_ms: null, p95_ms: null });
});

test("the funnel counts each step once per verification, on the day of its start", async ({
  db,
}) => {
  const before = counts((await read(db)).funnel);
  await createDraft(db, await createPerson(db));
  const { verificationId } = await createSubmitted(db);
  await move(db, verificationId, "resubmission_required", "provider", "image_unreadable");
  await later(db, "3 days");
  await move(db, verificationId, "submitted", "user");
  await move(db, verificationId, "approved", "provider");
  await move(db, verificationId, "in_review", "staff", "manual_check");
  await move(db, verificationId, "approved", "staff", "manual_check");
  const { funnel, status_counts } = await read(db);
  const after = counts(funnel);
  const added = Object.keys(after).map((step) => [step, (after[step] ?? 0) - (before[step] ?? 0)]);
  expect(Object.fromEntries(added)).toEqual({
    started: 2,
    documents_uploaded: 1,
    submitted: 1,
    decided: 1,
    approved: 1,
  });
  expect(status_counts.find(({ status }) => status === "approved")?.count).toBe(1);
  const later_days = await read(db, new Date(Date.now() + 2 * 86_400_000).toISOString(), null);
  expect(counts(later_days.funnel)).toMatchObject({ started: 0, submitted: 0, approved: 0 });
});

test("decision times: by whom, only the first decision on a submission, within 5 %", async ({
  db,
}) => {
  for (const seconds of [100, 200, 300, 400]) {
    const { verificationId } = await createSubmitted(db);
    await later(db, `${seconds} seconds`);
    await move(db, verificationId, "approved", "provider");
    await move(db, verificationId, "in_review", "staff", "manual_check");
    await later(db, "5 days");
    await move(db, verificationId, "approved", "staff", "manual_check");
  }
  const { verificationId } = await createSubmitted(db);
  await move(db, verificationId, "in_review", "system", "provider_unavailable");
  await later(db, "10000 seconds");
  await move(db, verificationId, "rejected", "staff", "document_damaged");
  const { decision_time, reasons } = await read(db);
  const [all, provider, staff] = decision_time;
  expect([all?.count, provider?.count, staff?.count]).toEqual([5, 4, 1]);
  const near = (value: number | null | undefined, wanted: number) => {
    expect(value).toBeGreaterThan(wanted * 0.95);
    expect(value).toBeLessThan(wanted * 1.05);
  };
  near(provider?.p50_seconds, 200);
  near(provider?.p95_seconds, 400);
  near(all?.p50_seconds, 300);
  near(all?.p95_seconds, 10_000);
  near(staff?.p50_seconds, 10_000);
  expect(reasons).toContainEqual({
    reason_code: "document_damaged",
    rejections: 1,
    resubmissions: 0,
  });
});

test("targets: what is open and late now, what was closed in time and late", async ({ db }) => {
  const ids: string[] = [];
  for (let count = 0; count < 3; count += 1) {
    const { verificationId } = await createSubmitted(db);
    await move(db, verificationId, "in_review", "system", "provider_unavailable");
    ids.push(verificationId);
  }
  const total = async () => {
    const { sla } = await read(db);
    const sum = (name: "open" | "open_overdue" | "closed" | "closed_overdue") =>
      sla.reduce((all, level) => all + level[name], 0);
    return [sum("open"), sum("open_overdue"), sum("closed"), sum("closed_overdue")];
  };
  expect(await total()).toEqual([3, 0, 0, 0]);
  await move(db, ids[0] ?? "", "approved", "staff", "manual_check");
  expect(await total()).toEqual([2, 0, 1, 0]);
  await later(db, "49 hours");
  // The day of the target has begun, or is over: both ways of counting.
  expect(await total()).toEqual([2, 2, 1, 0]);
  await later(db, "3 days");
  expect(await total()).toEqual([2, 2, 1, 0]);
  await move(db, ids[1] ?? "", "rejected", "staff", "document_damaged");
  expect(await total()).toEqual([1, 1, 2, 1]);
  await db.sql`update private.kyc_cases set risk_level = 'critical' where verification_id = ${ids[2] ?? ""}`;
  const { sla } = await read(db);
  expect(sla.find(({ risk_level }) => risk_level === "critical")).toMatchObject({
    open: 1,
    open_overdue: 1,
  });
});

test("who decided, who voted, and how long they had the case", async ({ db }) => {
  const reviewer = await createStaff(db, "reviewer");
  for (const [to, taken] of [
    ["approved", true],
    ["rejected", false],
    ["resubmission_required", false],
  ] as const) {
    const { verificationId } = await createSubmitted(db);
    await move(db, verificationId, "in_review", "system", "provider_unavailable");
    if (taken) {
      await db.as(user(reviewer), (sql) => sql`select private.kyc_claim_next('{}')`);
    }
    await db.sql`select private.kyc_transition(${verificationId}, ${to}::text::public.kyc_status, 'staff',
      ${reviewer}, 'document_damaged')`;
    await db.sql`insert into private.kyc_reviews (verification_id, reviewer_id, action, vote, attempt, version)
      values (${verificationId}, ${reviewer}, 'approve', 'decline', 1, 1)`;
  }
  const { reviewers } = await read(db);
  expect(reviewers).toContainEqual({
    reviewer_id: reviewer,
    approved: 1,
    rejected: 1,
    resubmission_requested: 1,
    second_votes: 3,
    p50_seconds: expect.any(Number),
  });
});

test("requests to providers, answered or not, and the way of events", async ({ db }) => {
  const claim = () => db.as(service, (sql) => sql`select * from private.outbox_claim(100)`);
  await createSubmitted(db);
  const [message] = await claim();
  await db.as(
    service,
    (sql) =>
      sql`select private.outbox_failed(${message?.message_id}, ${message?.lease_id}, 503, 'busy')`,
  );
  await later(db, "1 hour");
  const [again] = await claim();
  await later(db, "250 milliseconds");
  await db.as(service, (sql) => sql`select private.outbox_sent(${again?.message_id}, 202)`);
  await createProcessing(db);
  const { reference } = await createProcessing(db);
  await ingest(db, { outcome: "approved", provider_reference: reference, sequence: 1 });
  await ingest(db, { outcome: "approved", provider_reference: reference, sequence: 1 });
  const { providers, webhook_lag, backlog } = await read(db);
  const [mock] = providers;
  // The message of the second verification was acknowledged without a claim: no request of ours.
  expect(mock).toMatchObject({ provider: "mock", requests: 2, failures: 1 });
  expect(webhook_lag.events).toBe(1);
  expect(webhook_lag.p50_ms).toBeGreaterThan(0);
  expect(backlog).toMatchObject({
    outbox_pending: 0,
    inbox_parked: 0,
    oldest_processing_at: expect.any(String),
  });
});

describe("the period", () => {
  test("is widened to whole days, and 30 of them when nobody says", async ({ db }) => {
    const named = await read(db, "2026-03-02T13:14:15.000Z", "2026-03-04T00:00:00.000Z");
    expect([named.from, named.to]).toEqual([
      "2026-03-02T00:00:00.000Z",
      "2026-03-04T00:00:00.000Z",
    ]);
    const inside = await read(db, "2026-03-02T13:14:15.000Z", "2026-03-02T13:14:15.001Z");
    expect([inside.from, inside.to]).toEqual([
      "2026-03-02T00:00:00.000Z",
      "2026-03-03T00:00:00.000Z",
    ]);
    const usual = await read(db);
    expect(Date.parse(usual.to) - Date.parse(usual.from)).toBe(31 * 86_400_000);
  });

  test("has an end after its start and no more than 366 days", async ({ db }) => {
    for (const [from, to] of [
      ["2026-03-02T00:00:00.000Z", "2026-03-02T00:00:00.000Z"],
      ["2026-03-03T00:00:00.000Z", "2026-03-02T00:00:00.000Z"],
      ["2025-01-01T00:00:00.000Z", "2026-01-02T00:00:00.001Z"],
    ] as const) {
      await expect(read(db, from, to)).rejects.toMatchObject({ code: "NF001" });
    }
  });
});

test.for(["support", "reviewer"])("[FUNC-01] not for %s", async (role, { db }) => {
  await expectDenied(db, "NF010", {
    as: user(await createStaff(db, role)),
    does: (sql) => call(sql),
    keeps: (sql) => sql`select count(*) from private.figures`,
  });
});
