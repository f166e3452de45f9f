/*
 * Every period, limit and switch of the engine in one typed row, and the clock that all
 * time-dependent SQL reads.
 *
 * Touches: private.settings, private.now, private.shift_clock.
 * Not granted: the table to anybody; a deployment changes it by migration or as its owner.
 */

create table private.settings (
  is_only_row boolean primary key default true check (is_only_row),
  clock_shift interval not null default '0 seconds',
  default_provider text not null default 'mock',
  max_attempts smallint not null default 3 check (max_attempts between 1 and 100),
  draft_ttl interval not null default '7 days',
  resubmission_ttl interval not null default '14 days',
  resubmission_cooldown interval not null default '60 seconds',
  verdict_timeout interval not null default '24 hours',
  reconcile_after interval not null default '15 minutes',
  reconcile_every interval not null default '5 minutes',
  parked_ttl interval not null default '24 hours',
  outbox_lease interval not null default '60 seconds',
  outbox_retry_delays interval[] not null default array[
    '5 seconds', '30 seconds', '2 minutes', '10 minutes', '30 minutes', '1 hour', '2 hours', '4 hours'
  ]::interval[],
  outbox_retry_jitter double precision not null default 0.2 check (outbox_retry_jitter between 0 and 1),
  circuit_threshold smallint not null default 5 check (circuit_threshold > 0),
  circuit_cooldown interval not null default '60 seconds',
  approval_ttl_low interval not null default '3 years',
  approval_ttl_medium interval not null default '2 years',
  approval_ttl_high interval not null default '1 year',
  document_min_bytes integer not null default 2048,
  document_max_bytes integer not null default 10485760,
  document_min_pixels integer not null default 300,
  document_max_pixels integer not null default 8000,
  document_retention interval not null default '90 days',
  record_retention interval not null default '5 years',
  event_body_retention interval not null default '90 days',
  idempotency_ttl interval not null default '48 hours' check (idempotency_ttl >= '24 hours'),
  required_document_purposes text[] not null default array['identity'],
  required_consents public.consent_document[] not null
    default array['terms', 'privacy', 'kyc_processing']::public.consent_document[],
  review_target_low interval not null default '48 hours',
  review_target_medium interval not null default '24 hours',
  review_target_high interval not null default '8 hours',
  review_target_critical interval not null default '4 hours'
);
alter table private.settings enable row level security;

comment on table private.settings is 'One row: periods, limits and switches. Columns instead of keys, so that each has a type and a check.';
comment on column private.settings.clock_shift is 'Added to the time of day by private.now(); stays 0 where the database does not allow tests to move the clock.';
comment on column private.settings.max_attempts is 'Submissions per verification; copied to the verification when it starts.';
comment on column private.settings.resubmission_cooldown is 'Wait after a request for new documents before the next submission; 0 turns it off.';
comment on column private.settings.outbox_lease is 'How long a claimed message stays with its worker before another may take it.';
comment on column private.settings.outbox_retry_jitter is 'Share by which a delay may be shorter or longer.';
comment on column private.settings.circuit_threshold is 'Failures in a row that open the circuit of a provider.';
comment on column private.settings.approval_ttl_high is 'Also for critical risk.';
comment on column private.settings.document_retention is 'Document bytes go this long after the decision.';
comment on column private.settings.record_retention is 'The record stays this long after the end of the relationship.';
comment on column private.settings.required_document_purposes is 'Purposes of private.kyc_document_requirements that a submission must cover.';
comment on column private.settings.review_target_low is 'How soon a case in review should be decided, by risk level.';

insert into private.settings default values;

/* Whether this database may move its clock: `alter database … set app.allow_clock_shift = 'on'`. */
create function private.is_clock_shift_allowed()
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  -- The catalog, not current_setting(): any session could set the parameter for itself.
  return exists (
    select
    from pg_catalog.pg_db_role_setting as setting
    join pg_catalog.pg_database as db on db.oid = setting.setdatabase
    where db.datname = pg_catalog.current_database()
      and setting.setrole = 0
      and 'app.allow_clock_shift=on' = any (setting.setconfig)
  );
end
$$;
comment on function private.is_clock_shift_allowed() is 'Whether the configuration of this database lets tests move the clock.';

create function private.tg_settings__guard_clock()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if new.clock_shift <> old.clock_shift and not private.is_clock_shift_allowed() then
    raise exception 'The clock of this database may not be moved.' using errcode = 'NF010';
  end if;
  return new;
end
$$;
comment on function private.tg_settings__guard_clock() is 'Refuses a moved clock outside of test databases.';

create trigger _100_guard_clock
  before update on private.settings
  for each row execute function private.tg_settings__guard_clock();

/* The time of this transaction. May be called by: every role. Raises nothing. */
create function private.now()
returns timestamptz
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select pg_catalog.now() + clock_shift from private.settings
  );
end
$$;
comment on function private.now() is
  'The clock of the engine. Why definer: callers may not read the settings.';
grant execute on function private.now() to authenticated, service_role, nff_engine;

/*
 * Moves the clock: p_by is added to the shift; null sets it back to 0. Returns the new time.
 * May be called by: service_role. Raises NF010 where the database does not allow it.
 */
create function private.shift_clock(p_by interval)
returns timestamptz
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  update private.settings set clock_shift = case when p_by is null then '0' else clock_shift + p_by end;
  return private.now();
end
$$;
comment on function private.shift_clock(interval) is
  'Moves the clock of a test database. Why definer: the settings are granted to nobody.';
grant execute on function private.shift_clock(interval) to service_role;
