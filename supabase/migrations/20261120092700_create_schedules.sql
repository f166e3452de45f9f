/*
 * What time does: each job is idempotent, bounded, safe to run from many places at once.
 *
 * Touches: private.schedules, private.run_schedules and the jobs.
 * Not granted: the jobs and the table to anybody; service_role runs all of them through one function.
 */

create table private.schedules (
  job text primary key check (job ~ '^[a-z][a-z0-9_]{0,63}$'),
  every interval not null,
  routine text check (routine ~ '^job_[a-z_]+$'),
  next_run_at timestamptz not null default '-infinity',
  last_run_at timestamptz,
  last_affected integer,
  last_error text
);
alter table private.schedules enable row level security;
comment on table private.schedules is 'Jobs and when they are due. The row is the lock: whoever holds it runs the job.';
comment on column private.schedules.routine is
  'Function of this schema that takes the most rows to change and answers how many it changed; null for the jobs of this file.';

insert into private.schedules (job, every) values
  ('abandon_inactive', '1 minute'),
  ('expire_approvals', '1 minute'),
  ('watch_verdicts', '1 minute'),
  ('reject_exhausted', '5 minutes'),
  ('reconcile_silent', '1 minute'),
  ('purge_documents', '10 minutes'),
  ('clean_idempotency_keys', '10 minutes'),
  ('clean_event_bodies', '1 hour');

/* Moves every verification that p_query selects (verification_id) as the scheduler; returns how many. */
create function private.schedule_transition(p_ids uuid[], p_to public.kyc_status, p_job text, p_reason_code text)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_id uuid;
begin
  foreach v_id in array p_ids loop
    perform private.kyc_transition(v_id, p_to, 'scheduler', p_job, p_reason_code);
  end loop;
  return pg_catalog.cardinality(p_ids);
end
$$;
comment on function private.schedule_transition(uuid[], public.kyc_status, text, text) is
  'Moves verifications for a job. Why definer: nobody may write status.';

/* Jobs that move verifications. Rows that somebody else holds are left for the next run. */
create function private.job_move_verifications(p_job text, p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := private.now();
  v_timeout interval;
begin
  case p_job
    when 'abandon_inactive' then
      return private.schedule_transition(array(
        select verification_id from public.kyc_verifications
        where deadline_at <= v_now and status in ('draft', 'resubmission_required')
        order by deadline_at limit p_limit for update skip locked
      ), 'abandoned', p_job, 'inactivity');
    when 'expire_approvals' then
      return private.schedule_transition(array(
        select verification_id from public.kyc_verifications
        where status = 'approved' and expires_at <= v_now
        order by expires_at limit p_limit for update skip locked
      ), 'expired', p_job, null);
    when 'watch_verdicts' then
      select verdict_timeout into strict v_timeout from private.settings;
      return private.schedule_transition(array(
        select verification_id from public.kyc_verifications
        where status = 'processing' and status_changed_at <= v_now - v_timeout
        order by status_changed_at limit p_limit for update skip locked
      ), 'in_review', p_job, 'provider_timeout');
    when 'reject_exhausted' then
      return private.schedule_transition(array(
        select verification_id from public.kyc_verifications
        where status = 'resubmission_required' and attempt >= max_attempts
        order by status_changed_at limit p_limit for update skip locked
      ), 'rejected', p_job, 'resubmission_limit_exceeded');
  end case;
end
$$;
comment on function private.job_move_verifications(text, integer) is
  'Moves what time has moved. Why definer: locking and writing verifications is granted to nobody.';

/*
 * Asks the provider about verifications that it was silent on for too long, so that a lost webhook heals.
 * A submission that is still being sent is left to the outbox.
 */
create function private.job_reconcile_silent(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := private.now();
  v_settings private.settings;
  v_silent record;
  v_queued integer := 0;
begin
  select * into strict v_settings from private.settings;
  for v_silent in
    select verification.verification_id, verification.attempt, attempt.provider
    from public.kyc_verifications as verification
    join private.kyc_cases as cases using (verification_id)
    join private.kyc_attempts as attempt
      on attempt.verification_id = verification.verification_id and attempt.attempt = verification.attempt
    where verification.status in ('submitted', 'processing')
      and verification.status_changed_at <= v_now - v_settings.reconcile_after
      and attempt.provider_reference is not null
      and (cases.reconciled_at is null or cases.reconciled_at <= v_now - v_settings.reconcile_every
        or cases.reconciled_at > v_now)
    order by verification.status_changed_at
    limit p_limit
    for update of cases skip locked
  loop
    update private.kyc_cases set reconciled_at = v_now where verification_id = v_silent.verification_id;
    v_queued := v_queued + private.kyc_queue_fetch(
      v_silent.verification_id, v_silent.attempt, v_silent.provider,
      'reconcile:' || extract(epoch from v_now)::bigint)::integer;
  end loop;
  return v_queued;
end
$$;
comment on function private.job_reconcile_silent(integer) is
  'Queues questions about silent verifications. Why definer: cases and the outbox are granted to nobody.';

/* Queues the removal of document bytes whose time is over; what was removed is noted when it is done. */
create function private.job_purge_documents(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_id uuid;
  v_purged integer := 0;
begin
  for v_id in
    select due.verification_id from private.kyc_cases as due
    where due.purge_after <= private.now() and due.purged_at is null
      and not exists (
        select
        from public.kyc_verifications as verification
        join private.legal_holds as hold on hold.user_id = verification.user_id and hold.released_at is null
        where verification.verification_id = due.verification_id
      )
    order by due.purge_after limit p_limit for update of due skip locked
  loop
    insert into private.outbox (topic, subject_id, idempotency_key, payload, next_attempt_at, created_at)
    select 'storage.remove', v_id, 'purge:' || v_id || ':' || count(*),
      pg_catalog.jsonb_build_object('paths', pg_catalog.jsonb_agg(storage_path order by document_id)),
      private.now(), private.now()
    from public.kyc_documents where verification_id = v_id and purged_at is null
    having count(*) > 0
    on conflict (idempotency_key) do nothing;
    if found then
      v_purged := v_purged + 1;
    elsif not exists (select from public.kyc_documents where verification_id = v_id and purged_at is null) then
      update private.kyc_cases set purged_at = private.now() where verification_id = v_id;
    end if;
  end loop;
  return v_purged;
end
$$;
comment on function private.job_purge_documents(integer) is
  'Queues the removal of files. Why definer: cases and the outbox are granted to nobody.';

/* Removes expired answers, and the bodies of old events; the hash of a body stays. */
create function private.job_clean(p_job text, p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_affected integer;
begin
  if p_job = 'clean_idempotency_keys' then
    delete from private.idempotency_keys
    where (caller, key) in (
      select expired.caller, expired.key from private.idempotency_keys as expired
      where expired.expires_at <= private.now() limit p_limit for update skip locked);
  else
    update private.webhook_inbox
    set body = null,
        -- What the provider read from documents is personal data and stands in the event too.
        event = event - 'extracted'
    where event_row_id in (
      select old.event_row_id from private.webhook_inbox as old
      where old.body is not null
        and old.received_at <= private.now() - (select event_body_retention from private.settings)
        and not exists (
          select
          from public.kyc_verifications as verification
          join private.legal_holds as hold on hold.user_id = verification.user_id and hold.released_at is null
          where verification.verification_id = old.verification_id
        )
      limit p_limit for update skip locked);
  end if;
  get diagnostics v_affected = row_count;
  return v_affected;
end
$$;
comment on function private.job_clean(text, integer) is
  'Retention of answers and event bodies. Why definer: both tables are granted to nobody.';

/* Runs a job that another migration has added. */
create function private.run_routine(p_routine text, p_limit integer)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_affected integer;
begin
  execute pg_catalog.format('select private.%I($1)', p_routine) into v_affected using p_limit;
  return v_affected;
end
$$;
comment on function private.run_routine(text, integer) is 'Calls a job by the name that its schedule has.';

/*
 * Runs the jobs that are due, each over at most p_limit rows; one that fails does not stop the others and
 * its error stands in private.schedules. p_force runs all.
 * Returns one row per job that ran: (job, affected, error).
 * May be called by: service_role; by pg_cron as the owner. Raises nothing.
 */
create function private.run_schedules(p_limit integer default 100, p_force boolean default false)
returns table (job text, affected integer, error text)
language plpgsql
volatile
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := private.now();
  v_due private.schedules;
begin
  for v_due in
    select * from private.schedules as schedule
    where p_force or schedule.next_run_at <= v_now
      -- Planned under a clock that has been set back since.
      or schedule.next_run_at > v_now + schedule.every
    order by schedule.job
    for update skip locked
  loop
    run_schedules.job := v_due.job;
    run_schedules.error := null;
    begin
      run_schedules.affected := case
        when v_due.routine is not null then private.run_routine(v_due.routine, p_limit)
        when v_due.job = 'reconcile_silent' then private.job_reconcile_silent(p_limit)
        when v_due.job = 'purge_documents' then private.job_purge_documents(p_limit)
        when v_due.job in ('clean_idempotency_keys', 'clean_event_bodies') then private.job_clean(v_due.job, p_limit)
        else private.job_move_verifications(v_due.job, p_limit)
      end;
    exception when others then
      run_schedules.affected := 0;
      run_schedules.error := sqlstate || ' ' || sqlerrm;
    end;
    update private.schedules as schedule
    set last_run_at = v_now, last_affected = run_schedules.affected, last_error = run_schedules.error,
        -- A full batch means that there is more.
        next_run_at = case when run_schedules.affected >= p_limit then v_now else v_now + v_due.every end
    where schedule.job = v_due.job;
    return next;
  end loop;
end
$$;
comment on function private.run_schedules(integer, boolean) is
  'Runs due jobs. Why definer: what the jobs write is granted to nobody.';
grant execute on function private.run_schedules(integer, boolean) to service_role;
