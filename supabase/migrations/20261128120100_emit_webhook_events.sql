/*
 * Events: written by triggers in the transaction of the change they tell of, one message each, with a
 * delivery for every endpoint that subscribes to it. Where no endpoint does, that is one look at a table of
 * a few rows.
 *
 * Touches: private.webhook_subjects, private.webhook_messages, private.webhook_deliveries, private.webhook_attempts,
 * private.webhook_emit, triggers on profiles, erasure requests, verifications and reminders.
 * Not granted: the tables and functions to anybody.
 */

create table private.webhook_subjects (
  subject_id uuid primary key,
  sequence bigint not null default 1,
  last_type text not null,
  last_transaction xid8 not null default pg_catalog.pg_current_xact_id()
) with (fillfactor = 70);
alter table private.webhook_subjects enable row level security;
comment on table private.webhook_subjects is
  'Counts the messages about each user, verification or endpoint. The row is a lock too: numbers are in the order of the commits.';
comment on column private.webhook_subjects.last_transaction is 'Tells two changes of one transaction from two changes.';

create table private.webhook_messages (
  message_id uuid primary key default private.uuid_v7(),
  type text not null,
  subject_id uuid not null,
  user_id uuid,
  sequence bigint not null,
  body text not null,
  created_at timestamptz not null default private.now(),
  unique (subject_id, sequence)
);
alter table private.webhook_messages enable row level security;
create index webhook_messages_user_id_idx on private.webhook_messages (user_id) where user_id is not null;
create index webhook_messages_created_at_idx on private.webhook_messages (created_at);
create trigger _100_append_only
  before update or truncate on private.webhook_messages
  for each statement execute function private.tg__append_only();
comment on table private.webhook_messages is 'Events that somebody subscribes to. Written once; they go by the clock.';
comment on column private.webhook_messages.body is 'What is sent, as the text that is signed: every attempt sends the same bytes.';

create table private.webhook_deliveries (
  delivery_id uuid primary key default private.uuid_v7(),
  endpoint_id uuid not null references private.webhook_endpoints (endpoint_id) on delete restrict,
  message_id uuid not null references private.webhook_messages (message_id) on delete cascade,
  redelivery_of uuid,
  status text not null default 'pending' check (status in ('pending', 'delivered', 'failed', 'dropped')),
  attempts smallint not null default 0,
  next_attempt_at timestamptz,
  lease_id uuid,
  last_attempt_at timestamptz,
  last_status_code smallint,
  last_error text check (pg_catalog.char_length(last_error) between 1 and 500),
  last_duration_ms integer,
  created_at timestamptz not null default private.now(),
  check ((status = 'pending') = (next_attempt_at is not null))
) with (fillfactor = 70);
alter table private.webhook_deliveries enable row level security;
create index webhook_deliveries_due_idx on private.webhook_deliveries (endpoint_id, next_attempt_at) where status = 'pending';
create index webhook_deliveries_endpoint_id_idx on private.webhook_deliveries (endpoint_id, created_at, delivery_id);
create index webhook_deliveries_message_id_idx on private.webhook_deliveries (message_id);
create index webhook_deliveries_created_at_idx on private.webhook_deliveries (created_at, delivery_id);
comment on table private.webhook_deliveries is 'The sending of one message to one endpoint over all its attempts; the log of deliveries.';
comment on column private.webhook_deliveries.redelivery_of is 'The delivery that staff had repeated. No foreign key: that one may be gone.';
comment on column private.webhook_deliveries.next_attempt_at is 'When it is due; while a worker holds it, when its lease ends.';
comment on column private.webhook_deliveries.last_error is 'A sentence of ours. What receivers answer is not kept.';

create table private.webhook_attempts (
  delivery_id uuid not null references private.webhook_deliveries (delivery_id) on delete cascade,
  attempt smallint not null,
  at timestamptz not null,
  status_code smallint,
  error text,
  duration_ms integer not null,
  primary key (delivery_id, attempt)
);
alter table private.webhook_attempts enable row level security;
comment on table private.webhook_attempts is 'Every request of a delivery whose outcome is known.';

insert into private.personal_data (relation, rows_of, withheld_because, kept_because) values
  ('private.webhook_attempts',
    $$t.delivery_id in (select d.delivery_id from private.webhook_deliveries as d
      join private.webhook_messages as m on m.message_id = d.message_id where m.user_id = $1)$$,
    'Ids and codes on their way to systems of the operator; what they are about is shown in other sections.',
    'Ids and codes only; old rows go by the clock.'),
  ('private.webhook_subjects',
    't.subject_id = $1 or t.subject_id in (select v.verification_id from public.kyc_verifications as v where v.user_id = $1)',
    'A counter of messages says nothing about you.', 'An id and a counter.'),
  ('private.webhook_messages', 't.user_id = $1',
    'Ids and codes on their way to systems of the operator; what they are about is shown in other sections.',
    'Ids and codes only; old rows go by the clock.'),
  ('private.webhook_deliveries',
    't.message_id in (select m.message_id from private.webhook_messages as m where m.user_id = $1)',
    'Ids and codes on their way to systems of the operator; what they are about is shown in other sections.',
    'Ids and codes only; old rows go by the clock.');

/*
 * Writes a message about p_subject_id for those who subscribe to its type; p_except gets none. p_data: ids,
 * codes, numbers and times; `sequence` is added. Changes of a person within one transaction are one message.
 * May be called by: the functions of this schema. Raises P0002 for a type that is not in the catalogue.
 */
create function private.webhook_emit(
  p_type text, p_subject_id uuid, p_user_id uuid, p_data jsonb, p_except uuid default null
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_now timestamptz;
  v_subscriptions text[];
  v_sequence bigint;
  v_message_id constant uuid := private.uuid_v7();
begin
  if not exists (select from private.webhook_endpoints where deleted_at is null) then
    return;
  end if;
  select subscriptions into strict v_subscriptions from private.webhook_event_types where type = p_type;
  if not exists (
    select from private.webhook_endpoints
    where deleted_at is null and event_types && v_subscriptions and endpoint_id is distinct from p_except
  ) then
    return;
  end if;
  v_now := private.now();
  insert into private.webhook_subjects as subject (subject_id, last_type) values (p_subject_id, p_type)
  on conflict (subject_id) do update
  set sequence = subject.sequence + 1, last_type = p_type, last_transaction = pg_catalog.pg_current_xact_id()
  where p_type <> 'user.updated'
    or (subject.last_type, subject.last_transaction) is distinct from (p_type, pg_catalog.pg_current_xact_id())
  returning sequence into v_sequence;
  if not found then
    return;
  end if;
  insert into private.webhook_messages (message_id, type, subject_id, user_id, sequence, body, created_at)
  values (v_message_id, p_type, p_subject_id, p_user_id, v_sequence,
    pg_catalog.json_build_object('type', p_type, 'timestamp', private.iso(v_now),
      'data', p_data || pg_catalog.jsonb_build_object('sequence', v_sequence))::text,
    v_now);
  insert into private.webhook_deliveries (endpoint_id, message_id, next_attempt_at, created_at)
  select endpoint_id, v_message_id, v_now, v_now
  from private.webhook_endpoints
  where deleted_at is null and event_types && v_subscriptions and endpoint_id is distinct from p_except;
end
$$;
comment on function private.webhook_emit(text, uuid, uuid, jsonb, uuid) is
  'Writes an event for those who subscribe. Why definer: the tables are granted to nobody.';

/* What a row of profiles tells by becoming another one: the type of an event, null for none. */
create function private.webhook_user_event(p_old public.profiles, p_new public.profiles)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return case
    when p_new.is_permanently_deleted and not p_old.is_permanently_deleted then 'user.permanently_deleted'
    when p_new.is_soft_deleted and not p_old.is_soft_deleted then 'user.soft_deleted'
    -- Nothing is told of the deleted: what changes then is that data goes.
    when p_new.is_soft_deleted then null
    when p_old.is_soft_deleted then 'user.reactivated'
    when p_new.suspended_at is not null and p_old.suspended_at is null then 'user.suspended'
    when p_new.suspended_at is null and p_old.suspended_at is not null then 'user.reinstated'
    else 'user.updated'
  end;
end
$$;
comment on function private.webhook_user_event(public.profiles, public.profiles) is 'Event of a change of a person.';

/* A change of the address counts in the profile, so the profile tells of both. */
create function private.tg_profiles__emit()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_type text := 'user.created';
begin
  if tg_op = 'UPDATE' then
    v_type := private.webhook_user_event(old, new);
  end if;
  if v_type is not null then
    perform private.webhook_emit(v_type, new.user_id, new.user_id, pg_catalog.jsonb_build_object('user_id', new.user_id));
  end if;
  return null;
end
$$;
comment on function private.tg_profiles__emit() is
  'Tells subscribers of a person. Why definer: people and Auth, who write profiles, have no right on messages.';
create trigger _910_emit
  after insert or update on public.profiles
  for each row execute function private.tg_profiles__emit();

create function private.tg_erasure_requests__emit()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.webhook_emit('user.erased', new.user_id, new.user_id,
    pg_catalog.jsonb_build_object('user_id', new.user_id));
  return null;
end
$$;
comment on function private.tg_erasure_requests__emit() is
  'Tells subscribers of the end of an erasure. Why definer: messages are granted to nobody.';
create trigger _910_emit
  after update of status on private.erasure_requests
  for each row when (new.status = 'completed' and old.status <> 'completed')
  execute function private.tg_erasure_requests__emit();

/* The reason is the one that the person may know: an internal one could tip somebody off. */
create function private.tg_kyc_verifications__emit()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_previous public.kyc_status;
begin
  if tg_op = 'UPDATE' then
    if new.status = old.status then
      return null;
    end if;
    v_previous := old.status;
  end if;
  perform private.webhook_emit('kyc.' || new.status, new.verification_id, new.user_id, pg_catalog.jsonb_build_object(
    'user_id', new.user_id, 'verification_id', new.verification_id, 'status', new.status,
    'previous_status', v_previous, 'reason_code', new.reason_code, 'attempt', new.attempt, 'version', new.version));
  return null;
end
$$;
comment on function private.tg_kyc_verifications__emit() is
  'Tells subscribers of a new status. Why definer: the writer of status has no right on messages.';
create trigger _910_emit
  after insert or update of status on public.kyc_verifications
  for each row execute function private.tg_kyc_verifications__emit();

create function private.tg_kyc_reminders__emit()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_user_id uuid;
begin
  select user_id into strict v_user_id from public.kyc_verifications where verification_id = new.verification_id;
  perform private.webhook_emit('kyc.reminder', new.verification_id, v_user_id, pg_catalog.jsonb_build_object(
    'user_id', v_user_id, 'verification_id', new.verification_id, 'kind', new.kind, 'due_at', private.iso(new.due_at)));
  return null;
end
$$;
comment on function private.tg_kyc_reminders__emit() is
  'Tells subscribers of a reminder. Why definer: messages are granted to nobody.';
create trigger _910_emit
  after insert on private.kyc_reminders
  for each row execute function private.tg_kyc_reminders__emit();
