/*
 * The figures of the back office. Sums of days are read, so the cost follows the length of the period and not
 * the number of verifications; only what waits now is counted, along indexes that hold nothing else.
 *
 * Touches: private.stats and its parts.
 * Not granted: the parts to any API role.
 */

/* The time under which p_share of the measured ones lie, in milliseconds; null when nothing was measured. */
create function private.percentile_ms(p_buckets smallint[], p_counts numeric[], p_share double precision)
returns double precision
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
  v_wanted constant numeric := pg_catalog.ceil((select sum(n) from unnest(p_counts) as n) * p_share::numeric);
  v_passed numeric := 0;
begin
  for v_index in 1 .. coalesce(pg_catalog.cardinality(p_buckets), 0) loop
    v_passed := v_passed + p_counts[v_index];
    if v_passed >= v_wanted then
      return private.bucket_ms(p_buckets[v_index]);
    end if;
  end loop;
  return null;
end
$$;
comment on function private.percentile_ms(smallint[], numeric[], double precision) is 'Percentile of buckets in ascending order.';

/* Sum, median and 95th percentile of a metric in a period, for one key or for all. */
create function private.times_of(
  p_metric text, p_key text, p_first date, p_after date,
  out count bigint, out p50_ms double precision, out p95_ms double precision
)
language plpgsql
stable
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  v_buckets smallint[];
  v_counts numeric[];
begin
  select pg_catalog.array_agg(per.bucket order by per.bucket), pg_catalog.array_agg(per.total order by per.bucket),
    coalesce(sum(per.total), 0)
  into v_buckets, v_counts, times_of.count
  from (
    select bucket, sum(figures.count) as total from private.figures
    where metric = p_metric and day >= p_first and day < p_after and (p_key is null or key = p_key)
    group by bucket
  ) as per;
  p50_ms := private.percentile_ms(v_buckets, v_counts, 0.5);
  p95_ms := private.percentile_ms(v_buckets, v_counts, 0.95);
end
$$;
comment on function private.times_of(text, text, date, date) is
  'Times of a metric. Why definer: the sums are granted to nobody.';

create function private.in_seconds(p_ms double precision)
returns numeric
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.round((p_ms / 1000)::numeric, 3);
end
$$;
comment on function private.in_seconds(double precision) is 'Seconds of milliseconds.';

/* Verifications by state now, and how far those of the period have come. */
create function private.stats_of_verifications(p_first date, p_after date)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'status_counts', (
      select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('status', state, 'count', coalesce(sum.count, 0)) order by state)
      from unnest(enum_range(null::public.kyc_status)) as state
      left join private.figures as sum on sum.metric = 'status' and sum.day = '-infinity' and sum.key = state::text),
    'funnel', (
      select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('step', step, 'count', coalesce((
        select sum(count) from private.figures
        where metric = 'funnel' and day >= p_first and day < p_after and key = step), 0)) order by place)
      from unnest(array['started', 'documents_uploaded', 'submitted', 'decided', 'approved'])
        with ordinality as steps (step, place)),
    'decision_time', (
      select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'decided_by', decider, 'count', times.count,
        'p50_seconds', private.in_seconds(times.p50_ms), 'p95_seconds', private.in_seconds(times.p95_ms)) order by place)
      from unnest(array['all', 'provider', 'staff']) with ordinality as deciders (decider, place)
      cross join lateral private.times_of('decision', nullif(decider, 'all'), p_first, p_after) as times));
end
$$;
comment on function private.stats_of_verifications(date, date) is
  'Part of the figures. Why definer: the sums are granted to nobody.';

/* Reviews against their targets. Of what is open, the days before today are sums and today's targets are counted. */
create function private.stats_of_targets(p_first date, p_after date)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := private.now();
  v_today constant date := v_now at time zone 'UTC';
begin
  return (
    select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'risk_level', level,
      'target_seconds', extract(epoch from private.kyc_due_at(v_now, level) - v_now)::integer,
      'open', waiting.open,
      'open_overdue', least(waiting.open, waiting.overdue + (
        select count(*) from private.kyc_cases
        where due_at >= v_today::timestamp at time zone 'UTC' and due_at < v_now and coalesce(risk_level, 'low') = level)),
      'closed', ended.all, 'closed_overdue', ended.late) order by level)
    from unnest(enum_range(null::public.risk_level)) as level
    cross join lateral (
      select coalesce(sum(count), 0) as open, coalesce(sum(count) filter (where day < v_today), 0) as overdue
      from private.figures where metric = 'open' and key = level::text
    ) as waiting
    cross join lateral (
      select coalesce(sum(count), 0) as all, coalesce(sum(count) filter (where bucket = 1), 0) as late
      from private.figures
      where metric = 'closed' and day >= p_first and day < p_after and key = level::text
    ) as ended);
end
$$;
comment on function private.stats_of_targets(date, date) is
  'Part of the figures. Why definer: the sums and cases are granted to nobody.';

/* The hundred who have decided or voted most, and why was refused. */
create function private.stats_of_reviewers(p_first date, p_after date)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'reviewers', coalesce((
      select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'reviewer_id', busy.key, 'approved', busy.approved, 'rejected', busy.rejected,
        'resubmission_requested', busy.resubmissions, 'second_votes', busy.votes,
        'p50_seconds', private.in_seconds(times.p50_ms)) order by busy.total desc, busy.key)
      from (
        select key, sum(count) as total,
          coalesce(sum(count) filter (where metric = 'reviewer_approved'), 0) as approved,
          coalesce(sum(count) filter (where metric = 'reviewer_rejected'), 0) as rejected,
          coalesce(sum(count) filter (where metric = 'reviewer_resubmission_required'), 0) as resubmissions,
          coalesce(sum(count) filter (where metric = 'reviewer_vote'), 0) as votes
        from private.figures
        where day >= p_first and day < p_after and metric in (
          'reviewer_approved', 'reviewer_rejected', 'reviewer_resubmission_required', 'reviewer_vote')
        group by key order by total desc, key limit 100
      ) as busy
      cross join lateral private.times_of('reviewer_time', busy.key, p_first, p_after) as times), '[]'),
    'reasons', coalesce((
      select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'reason_code', given.key, 'rejections', given.rejections, 'resubmissions', given.resubmissions)
        order by given.total desc, given.key)
      from (
        select key, sum(count) as total,
          coalesce(sum(count) filter (where metric = 'reason_rejected'), 0) as rejections,
          coalesce(sum(count) filter (where metric = 'reason_resubmission_required'), 0) as resubmissions
        from private.figures
        where day >= p_first and day < p_after and metric in ('reason_rejected', 'reason_resubmission_required')
        group by key order by total desc, key limit 100
      ) as given), '[]'));
end
$$;
comment on function private.stats_of_reviewers(date, date) is
  'Part of the figures. Why definer: the sums are granted to nobody.';

/* Requests to providers, the way of their events, and what waits now. */
create function private.stats_of_providers(p_first date, p_after date)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'providers', coalesce((
      select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'provider', asked.key, 'requests', times.count, 'failures', asked.failures,
        'p50_ms', pg_catalog.round(times.p50_ms::numeric, 1), 'p95_ms', pg_catalog.round(times.p95_ms::numeric, 1)) order by asked.key)
      from (
        select key, coalesce(sum(count) filter (where metric = 'request_failed'), 0) as failures
        from private.figures
        where day >= p_first and day < p_after and metric in ('request', 'request_failed')
        group by key order by key limit 20
      ) as asked
      cross join lateral private.times_of('request', asked.key, p_first, p_after) as times), '[]'),
    'webhook_lag', (
      select pg_catalog.jsonb_build_object(
        'events', times.count, 'p50_ms', pg_catalog.round(times.p50_ms::numeric, 1),
        'p95_ms', pg_catalog.round(times.p95_ms::numeric, 1))
      from private.times_of('lag', 'all', p_first, p_after) as times),
    'backlog', pg_catalog.jsonb_build_object(
      'outbox_pending', (select count(*) from private.outbox where status = 'pending'),
      'outbox_dead', (select count(*) from private.outbox where status = 'dead' and status <> 'sent'),
      'outbox_oldest_at', (select private.iso(min(created_at)) from private.outbox where status = 'pending'),
      'inbox_parked', (select count(*) from private.webhook_inbox where result = 'parked'),
      'inbox_conflict', (
        select count(*) from private.webhook_inbox where result = 'conflict' and result in ('conflict', 'dead')),
      'oldest_processing_at', (
        select private.iso(min(status_changed_at)) from public.kyc_verifications where status = 'processing')));
end
$$;
comment on function private.stats_of_providers(date, date) is
  'Part of the figures. Why definer: sums and queues are granted to nobody.';

/*
 * Figures of a period, which is widened to whole days of UTC: schema AdminStats. p_from: 30 days before p_to
 * when null; p_to: now when null. `generated_at`: what happened later is not in the sums yet.
 * May be called by: approver, compliance_admin, auditor, admin.
 * Raises NF002, NF010, NF001 (empty or longer than 366 days).
 */
create function private.stats(p_from timestamptz, p_to timestamptz)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_to constant timestamptz := coalesce(p_to, private.now());
  v_from constant timestamptz := coalesce(p_from, v_to - interval '30 days');
  v_first constant date := v_from at time zone 'UTC';
  v_after constant date := pg_catalog.date_trunc('day', (v_to at time zone 'UTC') + interval '1 day - 1 microsecond');
begin
  perform private.require_role('approver', 'compliance_admin', 'auditor', 'admin');
  if v_to <= v_from or v_to > v_from + interval '366 days' then
    raise exception 'A period has an end after its start and at most 366 days.' using errcode = 'NF001', detail = 'from';
  end if;
  return pg_catalog.jsonb_build_object(
      'from', private.iso(v_first::timestamp at time zone 'UTC'),
      'to', private.iso(v_after::timestamp at time zone 'UTC'),
      'generated_at', private.iso(coalesce(
        (select last_run_at from private.schedules where job = 'sum_figures'), private.now())),
      'sla', private.stats_of_targets(v_first, v_after))
    || private.stats_of_verifications(v_first, v_after)
    || private.stats_of_reviewers(v_first, v_after)
    || private.stats_of_providers(v_first, v_after);
end
$$;
comment on function private.stats(timestamptz, timestamptz) is
  'Figures for staff. Why definer: the sums are granted to nobody; the role is checked first.';
grant execute on function private.stats(timestamptz, timestamptz) to authenticated;
