/*
 * The figures of the back office. Sums of days are read, so the cost follows the length of the period and not
 * the number of verifications, and what they say is kept until they change; only what waits now is counted.
 *
 * Touches: private.stats and its parts.
 * Not granted: the parts to any API role.
 */

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
      left join private.times_by_key('reviewer_time', p_first, p_after) as times on times.key = busy.key), '[]'),
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

/* Requests to providers, and the way of their events. */
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
        'provider', asked.key, 'requests', asked.count, 'failures', coalesce(failed.count, 0),
        'p50_ms', pg_catalog.round(asked.p50_ms::numeric, 1), 'p95_ms', pg_catalog.round(asked.p95_ms::numeric, 1)) order by asked.key)
      from (select * from private.times_by_key('request', p_first, p_after) order by key limit 20) as asked
      left join private.times_by_key('request_failed', p_first, p_after) as failed on failed.key = asked.key), '[]'),
    'webhook_lag', (
      select pg_catalog.jsonb_build_object(
        'events', times.count, 'p50_ms', pg_catalog.round(times.p50_ms::numeric, 1),
        'p95_ms', pg_catalog.round(times.p95_ms::numeric, 1))
      from private.times_of('lag', 'all', p_first, p_after) as times));
end
$$;
comment on function private.stats_of_providers(date, date) is
  'Part of the figures. Why definer: the sums are granted to nobody.';

/* What waits now, along indexes that hold nothing else. */
create function private.stats_backlog()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'outbox_pending', (select count(*) from private.outbox where status = 'pending'),
    'outbox_dead', (select count(*) from private.outbox where status = 'dead' and status <> 'sent'),
    'outbox_oldest_at', (select private.iso(min(created_at)) from private.outbox where status = 'pending'),
    'inbox_parked', (select count(*) from private.webhook_inbox where result = 'parked'),
    'inbox_conflict', (
      select count(*) from private.webhook_inbox where result = 'conflict' and result in ('conflict', 'dead')),
    'oldest_processing_at', (
      select private.iso(min(status_changed_at)) from public.kyc_verifications where status = 'processing'));
end
$$;
comment on function private.stats_backlog() is 'Part of the figures. Why definer: the queues are granted to nobody.';

/* What the sums of a period say: made once, and kept until they change. */
create function private.stats_of_sums(p_first date, p_after date)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_version constant bigint := (select version from private.figure_state);
  v_answer jsonb;
begin
  select answer into v_answer from private.figure_answers
  where first_day = p_first and after_day = p_after and version = v_version;
  if not found then
    v_answer := private.stats_of_verifications(p_first, p_after)
      || private.stats_of_reviewers(p_first, p_after)
      || private.stats_of_providers(p_first, p_after);
    insert into private.figure_answers (first_day, after_day, version, answer)
    values (p_first, p_after, v_version, v_answer)
    on conflict (first_day, after_day) do update set version = excluded.version, answer = excluded.answer;
  end if;
  return v_answer;
end
$$;
comment on function private.stats_of_sums(date, date) is
  'Part of the figures. Why definer: sums and answers are granted to nobody.';

/*
 * Figures of a period, which is widened to whole days of UTC: schema AdminStats. p_from: 30 days before p_to
 * when null; p_to: now when null. `generated_at`: what happened later is not in the sums yet.
 * May be called by: approver, compliance_admin, auditor, admin.
 * Raises NF002, NF010, NF001 (empty or longer than 366 days).
 */
create function private.stats(p_from timestamptz, p_to timestamptz)
returns jsonb
language plpgsql
volatile
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
      'generated_at', (select private.iso(summed_at) from private.figure_state),
      'sla', private.stats_of_targets(v_first, v_after),
      'backlog', private.stats_backlog())
    || private.stats_of_sums(v_first, v_after);
end
$$;
comment on function private.stats(timestamptz, timestamptz) is
  'Figures for staff. Why definer: the sums are granted to nobody; the role is checked first.';
grant execute on function private.stats(timestamptz, timestamptz) to authenticated;
