import postgres from "postgres";
import { expect } from "vitest";
import { runModel } from "../../scripts/bench/model/run-model.ts";
import { test } from "../helpers/db.ts";

const SEQUENCES = 60;

/** Every sum, counted again from what it sums: tables and the audit, whatever the notes said. */
const RECOUNT = `
  with move as (
    select stream, sequence, actor_kind, actor_id, reason_code,
      details::jsonb ->> 'from' as old, details::jsonb ->> 'to' as new
    from private.audit_log where action = 'kyc.transition'
  ), decided as (
    select *, (
      select before.new from move as before
      where before.stream = move.stream and before.sequence < move.sequence
        and before.new in ('submitted', 'approved', 'rejected')
      order by before.sequence desc limit 1) as before
    from move where new in ('approved', 'rejected')
  ), verification as (
    select *, (created_at at time zone 'UTC')::date as start from public.kyc_verifications
    join private.kyc_cases using (verification_id)
  )
  select 'status' as metric, '-infinity'::date as day, status::text as key, count(*)::int as count
    from verification group by status
  union all select 'funnel', start, 'started', count(*) from verification group by start
  union all select 'funnel', start, 'documents_uploaded', count(*) from verification where exists (
    select from private.audit_log where stream = 'kyc:' || verification_id and action = 'kyc.document_uploaded') group by start
  union all select 'funnel', start, 'submitted', count(*) from verification where submitted_at is not null group by start
  union all select 'funnel', start, 'decided', count(*) from verification where decided_at is not null group by start
  union all select 'funnel', start, 'approved', count(*) from verification where approved_at is not null group by start
  union all select 'open', (due_at at time zone 'UTC')::date, coalesce(risk_level, 'low')::text, count(*)
    from verification where due_at is not null group by 2, 3
  union all select 'closed', null, null, count(*) from move where old = 'in_review'
  union all select 'decision', null, case when actor_kind in ('provider', 'staff') then actor_kind else 'other' end, count(*)
    from decided where before = 'submitted' group by 3
  union all select 'reason_' || new, null, reason_code, count(*) from move
    where new in ('rejected', 'resubmission_required') and reason_code is not null group by new, reason_code
  union all select 'reviewer_' || new, null, actor_id, count(*) from move
    where old = 'in_review' and actor_kind = 'staff' and new in ('approved', 'rejected', 'resubmission_required')
    group by new, actor_id
  union all select 'reviewer_vote', null, reviewer_id::text, count(*) from private.kyc_reviews
    where vote in ('confirm', 'decline') group by reviewer_id
  union all select 'lag', null, 'all', count(*) from private.webhook_inbox where result = 'applied'`;

const KEPT = `
  select metric, case when metric in ('status', 'funnel', 'open') then day end as day,
    case when metric <> 'closed' then key end as key, sum(count)::int as count
  from private.figures
  where metric not in ('reviewer_time', 'request', 'request_failed')
  group by 1, 2, 3 having sum(count) <> 0`;

const sorted = async (sql: postgres.Sql, query: string) => {
  const rows = await sql.unsafe(`
    select metric, day::text, key, count from (${query}) as sums where count <> 0 order by 1, 2, 3`);
  return rows.map((row) => Object.values(row).join(" "));
};

/** Leaves the notes of what comes now to the test. */
const stopJob = (sql: postgres.Sql) => sql`delete from private.schedules where job = 'sum_figures'`;

const sumUp = (sql: postgres.Sql) => sql`select private.job_sum_figures(100)`;

test("after random histories every sum is what a full count finds", async ({ database }) => {
  const sql = database.client;
  const seed = Number(process.env.MODEL_SEED ?? Date.now() % 2 ** 31);
  console.log(`figures: MODEL_SEED=${seed}`);
  await runModel(sql, { sequences: SEQUENCES, seed, keep: true });
  await sumUp(sql);
  expect(await sorted(sql, KEPT)).toEqual(await sorted(sql, RECOUNT));

  // The job ran in between, whenever time passed. Now all of it comes at the end.
  await stopJob(sql);
  await runModel(sql, { sequences: SEQUENCES / 2, seed: seed + 1, keep: true });
  const [row] = await sql`select count(*)::int as notes from private.figure_notes`;
  expect(row?.notes).toBeGreaterThan(SEQUENCES);
  await sumUp(sql);
  const sums = await sorted(sql, KEPT);
  expect(sums).toEqual(await sorted(sql, RECOUNT));
  expect(new Set(sums.map((sum) => sum.split(" ")[0])).size).toBeGreaterThan(8);
}, 120_000);

test("a crash while summing up loses nothing and repeats nothing", async ({ database }) => {
  const sql = database.client;
  await stopJob(sql);
  await runModel(sql, { sequences: SEQUENCES / 2, seed: 7, keep: true });
  const [before, wanted] = [await sorted(sql, KEPT), await sorted(sql, RECOUNT)];
  expect(before).not.toEqual(wanted);

  const pool = postgres(database.url, { max: 1, onnotice: () => {} });
  const victim = await pool.reserve();
  await victim`begin`;
  const [backend] =
    await victim`select pg_backend_pid() as pid, private.job_sum_figures(100) as taken`;
  expect(backend?.taken).toBeGreaterThan(0);
  await sql`select pg_terminate_backend(${backend?.pid}, 5000)`;
  await pool.end({ timeout: 0 });
  expect(await sorted(sql, KEPT)).toEqual(before);

  await sumUp(sql);
  await sumUp(sql);
  expect(await sorted(sql, KEPT)).toEqual(wanted);
}, 120_000);

test("two who sum up at once add every note once", async ({ database }) => {
  const sql = database.client;
  await stopJob(sql);
  await runModel(sql, { sequences: SEQUENCES / 2, seed: 8, keep: true });
  const others = [1, 2].map(() => postgres(database.url, { max: 1, onnotice: () => {} }));
  await Promise.all(others.map((other) => sumUp(other)));
  await Promise.all(others.map((other) => other.end()));
  await sumUp(sql);
  expect(await sorted(sql, KEPT)).toEqual(await sorted(sql, RECOUNT));
}, 120_000);
