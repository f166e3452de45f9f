/*
 * The sums, by day (UTC), and the job that adds the notes to them.
 *
 * Touches: private.figures, private.figure_state, private.figure_answers, private.figure_increments,
 * private.job_sum_figures.
 * Not granted: to anybody; service_role runs the job through private.run_schedules().
 */

create table private.figures (
  day date not null,
  metric text not null check (metric ~ '^[a-z_]{1,40}$'),
  key text not null,
  bucket smallint not null default 0,
  count bigint not null,
  primary key (metric, day, key, bucket) include (count)
) with (fillfactor = 80);
alter table private.figures enable row level security;
comment on table private.figures is
  'Sums that private.stats reads: some thousand rows a day at most, however much happens.';
comment on column private.figures.day is
  'Of what happened; of the start of the verification for `funnel`, of the target for `open`, -infinity for `status`.';
comment on column private.figures.key is 'Step, status, risk level, reason, provider or id of a member of staff, by the metric.';
comment on column private.figures.bucket is
  'For times: exponent of 1.1, so that a percentile is off by 5 % at most. For `closed`: 1 when the target was missed.';

insert into private.personal_data (relation, rows_of, withheld_because, kept_because) values
  ('private.figures', 't.metric like ''reviewer%'' and t.key = $1::text',
    'Figures of the work of our staff belong to the operator.', 'Ids of staff and counts.');

create table private.figure_state (
  is_only_row boolean primary key default true check (is_only_row),
  version bigint not null default 0,
  summed_at timestamptz not null default private.now()
);
alter table private.figure_state enable row level security;
insert into private.figure_state default values;
comment on table private.figure_state is 'One row: when the sums were last brought up to date.';
comment on column private.figure_state.version is 'Counts changes of the sums: as long as it stays, so does what was made of them.';

-- Not logged: after a crash it is empty, and made again.
create unlogged table private.figure_answers (
  first_day date not null,
  after_day date not null,
  version bigint not null,
  answer jsonb not null,
  primary key (first_day, after_day)
);
alter table private.figure_answers enable row level security;
comment on table private.figure_answers is 'What private.stats has made of the sums of a period, until they change.';

insert into private.personal_data (relation, rows_of, withheld_because, kept_because) values
  ('private.figure_answers', 'pg_catalog.strpos(t.answer::text, $1::text) > 0',
    'Figures of the work of our staff belong to the operator.', 'Ids of staff and counts; a row lives until the sums change.');

/* The bucket of a time in milliseconds, and the time in the middle of a bucket. */
create function private.time_bucket(p_ms bigint)
returns smallint
language plpgsql
immutable
strict
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.ceil(pg_catalog.ln(greatest(p_ms, 1)::double precision) / pg_catalog.ln(1.1::double precision));
end
$$;
comment on function private.time_bucket(bigint) is 'Exponent of 1.1 that a time lies under.';

create function private.bucket_ms(p_bucket integer)
returns double precision
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.power(1.1::double precision, p_bucket) * 2 / 2.1;
end
$$;
comment on function private.bucket_ms(integer) is 'Milliseconds that stand for a bucket.';

/* How long somebody had a case before deciding it, in milliseconds; null when nobody took it. */
create function private.time_to_decide(p_move private.audit_log)
returns bigint
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_taken timestamptz;
  v_decided timestamptz := p_move.at;
begin
  if p_move.details::jsonb ? 'second_actor' then
    select at into v_decided from private.audit_log
    where stream = p_move.stream and action = 'kyc.decision_requested' and actor_id = p_move.actor_id
      and sequence < p_move.sequence
    order by sequence desc limit 1;
  end if;
  select at into v_taken from private.audit_log
  where stream = p_move.stream and action in ('kyc.claimed', 'kyc.assigned') and sequence < p_move.sequence
    and at <= v_decided and details::jsonb ->> 'holder' = p_move.actor_id
  order by sequence desc limit 1;
  return private.elapsed_ms(v_taken, v_decided);
end
$$;
comment on function private.time_to_decide(private.audit_log) is
  'Time of a decision. Why definer: the audit is granted to nobody.';

/* What a move adds: to the state of now, the funnel of its start, decisions, reasons and who decided. */
create function private.move_increments(p_note private.figure_notes)
returns table (day date, metric text, key text, bucket smallint, count integer)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_data constant jsonb := p_note.data;
  v_to constant text := v_data ->> 'to';
  v_day constant date := p_note.at at time zone 'UTC';
  v_start constant date := (v_data ->> 'created_at')::timestamptz at time zone 'UTC';
  v_move private.audit_log;
  v_ms bigint;
begin
  select * into v_move from private.audit_log as entry
  where entry.stream = 'kyc:' || p_note.verification_id and entry.action = 'kyc.transition'
    and entry.details::jsonb ->> 'version' = v_data ->> 'version';
  if v_move.actor_kind = 'staff' and v_data ->> 'from' = 'in_review'
    and v_to in ('approved', 'rejected', 'resubmission_required') then
    v_ms := private.time_to_decide(v_move);
    return query values
      (v_day, 'reviewer_' || v_to, v_move.actor_id, 0::smallint, 1),
      (v_day, 'reviewer_time', v_move.actor_id, private.time_bucket(v_ms), 1);
  end if;
  return query
  select line.day, line.metric, line.key, line.bucket::smallint, line.count from (values
    ('-infinity'::date, 'status', v_data ->> 'from', 0::smallint, -1),
    ('-infinity', 'status', v_to, 0, 1),
    (v_start, 'funnel', case when v_data ? 'first_submission' then 'submitted' end, 0, 1),
    (v_start, 'funnel', case when v_data ? 'first_decision' then 'decided' end, 0, 1),
    (v_start, 'funnel', case when v_data ? 'first_approval' then 'approved' end, 0, 1),
    (v_day, 'decision', case when v_move.actor_kind in ('provider', 'staff') then v_move.actor_kind else 'other' end,
      private.time_bucket((v_data ->> 'decision_ms')::bigint), 1),
    (v_day, 'reason_' || v_to,
      case when v_to in ('rejected', 'resubmission_required') then v_move.reason_code end, 0, 1)
  ) as line (day, metric, key, bucket, count);
end
$$;
comment on function private.move_increments(private.figure_notes) is
  'Sums of a move. Why definer: the audit is granted to nobody.';

/* What one note adds to the sums. Lines without a key or a bucket add nothing. */
create function private.figure_increments(p_note private.figure_notes)
returns table (day date, metric text, key text, bucket smallint, count integer)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_data constant jsonb := p_note.data;
  v_day constant date := p_note.at at time zone 'UTC';
  v_old_due constant timestamptz := v_data ->> 'old_due';
  v_new_due constant timestamptz := v_data ->> 'new_due';
begin
  case p_note.kind
    when 'moved' then
      return query select * from private.move_increments(p_note);
    when 'created' then
      return query values
        ('-infinity'::date, 'status', v_data ->> 'to', 0::smallint, 1), (v_day, 'funnel', 'started', 0::smallint, 1);
    when 'document' then
      -- Once for each verification: for the document whose entry is the first of its kind.
      return query
      select (verification.created_at at time zone 'UTC')::date, 'funnel', 'documents_uploaded', 0::smallint, 1
      from public.kyc_verifications as verification
      where verification.verification_id = p_note.verification_id
        and v_data ->> 'document_id' = (
          select entry.subject_id from private.audit_log as entry
          where entry.stream = 'kyc:' || p_note.verification_id and entry.action = 'kyc.document_uploaded'
          order by entry.sequence limit 1);
    when 'target' then
      return query values
        ((v_old_due at time zone 'UTC')::date, 'open', v_data ->> 'old_risk', 0::smallint, -1),
        ((v_new_due at time zone 'UTC')::date, 'open', v_data ->> 'new_risk', 0::smallint, 1),
        (case when v_new_due is null then v_day end, 'closed', v_data ->> 'old_risk',
          (p_note.at > v_old_due)::integer::smallint, 1);
    when 'vote' then
      return query values (v_day, 'reviewer_vote', v_data ->> 'reviewer_id', 0::smallint, 1);
    when 'request' then
      return query values
        (v_day, 'request', v_data ->> 'provider', private.time_bucket((v_data ->> 'ms')::bigint), 1),
        (v_day, 'request_failed', case when (v_data ->> 'failed')::boolean then v_data ->> 'provider' end, 0::smallint, 1);
    when 'event' then
      return query values (v_day, 'lag', 'all', private.time_bucket((v_data ->> 'ms')::bigint), 1);
  end case;
end
$$;
comment on function private.figure_increments(private.figure_notes) is
  'What one note adds. Why definer: the notes are granted to nobody.';

/*
 * Adds the notes to the sums; returns how many it added. p_limit is not taken literally, because notes are
 * small; but whoever waits for the other jobs of the run should not wait long, and where notes are left the
 * job is due again at once.
 */
create function private.job_sum_figures(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_taken integer;
begin
  with taken as (
    delete from private.figure_notes
    where note_id in (
      select note_id from private.figure_notes order by note_id limit p_limit * 50 for update skip locked)
    returning *
  ),
  added as (
    insert into private.figures as sum (day, metric, key, bucket, count)
    select line.day, line.metric, line.key, line.bucket, sum(line.count)
    from taken cross join lateral private.figure_increments(taken::private.figure_notes) as line
    where pg_catalog.num_nulls(line.day, line.metric, line.key, line.bucket) = 0
    group by line.metric, line.day, line.key, line.bucket
    having sum(line.count) <> 0
    order by line.metric, line.day, line.key, line.bucket
    on conflict (metric, day, key, bucket) do update set count = sum.count + excluded.count
  )
  select count(*) into v_taken from taken;
  update private.figure_state set summed_at = private.now(), version = version + (v_taken > 0)::integer;
  if v_taken > 0 then
    -- Days on which nothing is due any more, and what was made of the sums before.
    delete from private.figures where metric = 'open' and count = 0;
    delete from private.figure_answers;
  end if;
  return v_taken;
end
$$;
comment on function private.job_sum_figures(integer) is
  'Adds notes to the sums. Why definer: both are granted to nobody.';

insert into private.schedules (job, every, routine) values ('sum_figures', '1 minute', 'job_sum_figures');
