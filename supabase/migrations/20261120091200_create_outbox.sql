/*
 * Work that must reach the outside: written in the transaction of the change that asks for it, taken by
 * workers under a lease, sent with a key that stays the same over all tries.
 *
 * Touches: private.outbox, private.provider_circuits, private.outbox_claim and the circuit functions.
 * Not granted: the tables to anybody.
 */

create table private.outbox (
  message_id uuid primary key default private.uuid_v7(),
  topic text not null check (topic in (
    'provider.submit', 'provider.fetch', 'provider.cancel', 'provider.redact', 'storage.remove'
  )),
  subject_id uuid not null,
  provider text,
  idempotency_key text not null unique,
  payload jsonb not null default '{}',
  status text not null default 'pending' check (status in ('pending', 'sent', 'dead', 'cancelled')),
  attempts smallint not null default 0,
  next_attempt_at timestamptz not null,
  lease_id uuid,
  last_status_code smallint,
  last_error text,
  created_at timestamptz not null default private.now(),
  finished_at timestamptz
) with (fillfactor = 80);
alter table private.outbox enable row level security;
create index outbox_due_idx on private.outbox (next_attempt_at) where status = 'pending';
create index outbox_subject_id_idx on private.outbox (subject_id);
create index outbox_status_idx on private.outbox (status, message_id) where status <> 'sent';
comment on table private.outbox is 'Messages to providers and storage, at least once each, with a stable key.';
comment on column private.outbox.subject_id is 'The verification that the message is about.';
comment on column private.outbox.idempotency_key is 'Sent along at every try, so that the receiver can tell a repetition.';
comment on column private.outbox.payload is 'Ids only. What is sent is read at the time of sending.';
comment on column private.outbox.next_attempt_at is 'When it is due; while a worker holds it, when its lease ends.';
comment on column private.outbox.lease_id is 'Names the claim: an acknowledgement from an older claim is ignored.';

create table private.provider_circuits (
  provider text primary key,
  consecutive_failures integer not null default 0,
  open_until timestamptz,
  last_failure_at timestamptz,
  last_success_at timestamptz,
  last_error text
);
alter table private.provider_circuits enable row level security;
comment on table private.provider_circuits is 'Circuit breaker: while open_until lies ahead, nothing is sent to the provider.';
comment on column private.provider_circuits.open_until is 'Null while closed. In the past: half open, the next failure opens it again.';

/*
 * Takes up to p_limit due messages, of the given topics or of all, oldest first, for as long as the
 * lease of the settings. Nothing is taken for a provider whose circuit is open; while it is half open, all
 * workers together hold no more of its messages than the failures that open a closed one.
 * Returns the messages; `attempts` counts this try; last_status_code and last_error tell of the try before
 * (after a timeout ask the provider before sending again).
 * May be called by: service_role. Raises nothing.
 */
create function private.outbox_claim(p_limit integer, p_topics text[] default null)
returns table (
  message_id uuid, topic text, subject_id uuid, provider text, idempotency_key text, payload jsonb,
  attempts smallint, lease_id uuid, last_status_code smallint, last_error text, created_at timestamptz
)
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := private.now();
  v_blocked text[] := '{}';
  v_probes uuid[] := '{}';
  v_circuit record;
begin
  -- Locked, so that two workers do not both take what is left to a half-open circuit.
  for v_circuit in
    select circuit.provider, circuit.open_until > v_now as is_open from private.provider_circuits as circuit
    where circuit.open_until is not null
    order by circuit.provider
    for update
  loop
    v_blocked := v_blocked || v_circuit.provider;
    continue when v_circuit.is_open;
    v_probes := v_probes || array(
      select due.message_id from private.outbox as due
      where due.provider = v_circuit.provider and due.status = 'pending' and due.next_attempt_at <= v_now
        and (p_topics is null or due.topic = any (p_topics))
      order by due.next_attempt_at
      for update skip locked
      limit greatest(0, (select settings.circuit_threshold from private.settings as settings) - (
        select pg_catalog.count(*) from private.outbox as held
        where held.provider = v_circuit.provider and held.status = 'pending' and held.lease_id is not null
          and held.next_attempt_at > v_now))
    );
  end loop;

  return query
  update private.outbox as message
  set attempts = message.attempts + 1,
      lease_id = pg_catalog.gen_random_uuid(),
      next_attempt_at = v_now + (select settings.outbox_lease from private.settings as settings)
  where message.message_id = any (array(
    select due.message_id
    from private.outbox as due
    where due.status = 'pending'
      and due.next_attempt_at <= v_now
      and (p_topics is null or due.topic = any (p_topics))
      and (due.provider is null or due.provider <> all (v_blocked) or due.message_id = any (v_probes))
    order by due.next_attempt_at
    for update of due skip locked
    limit p_limit
  ))
  returning message.message_id, message.topic, message.subject_id, message.provider,
    message.idempotency_key, message.payload, message.attempts, message.lease_id,
    message.last_status_code, message.last_error, message.created_at;
end
$$;
comment on function private.outbox_claim(integer, text[]) is
  'Claims due messages. Why definer: the outbox is granted to nobody.';
grant execute on function private.outbox_claim(integer, text[]) to service_role;

/* Notes that a provider answered as it should. Writes only where there is something to forget. */
create function private.circuit_success(p_provider text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  update private.provider_circuits
  set consecutive_failures = 0, open_until = null, last_success_at = private.now(), last_error = null
  where provider = p_provider and (consecutive_failures > 0 or open_until is not null);
end
$$;
comment on function private.circuit_success(text) is
  'Closes a circuit. Why definer: circuits are granted to nobody.';
grant execute on function private.circuit_success(text) to service_role;

/*
 * Notes that a provider did not answer or answered with a server error; opens the circuit after the
 * number of failures that the settings say. Returns whether it is open now.
 */
create function private.circuit_failure(p_provider text, p_error text)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := private.now();
  v_settings private.settings;
  v_open_until timestamptz;
begin
  select * into strict v_settings from private.settings;
  insert into private.provider_circuits as circuit (
    provider, consecutive_failures, last_failure_at, last_error, open_until)
  values (p_provider, 1, v_now, pg_catalog.left(p_error, 500),
    case when v_settings.circuit_threshold = 1 then v_now + v_settings.circuit_cooldown end)
  on conflict (provider) do update
  set consecutive_failures = circuit.consecutive_failures + 1,
      last_failure_at = v_now,
      last_error = excluded.last_error,
      open_until = case
        when circuit.consecutive_failures + 1 >= v_settings.circuit_threshold then v_now + v_settings.circuit_cooldown
        else circuit.open_until
      end
  returning circuit.open_until into v_open_until;
  return coalesce(v_open_until > v_now, false);
end
$$;
comment on function private.circuit_failure(text, text) is
  'Counts a failure of a provider. Why definer: circuits are granted to nobody.';
grant execute on function private.circuit_failure(text, text) to service_role;

/*
 * The circuits of all providers that ever failed: {provider, state closed|open|half_open, failures,
 * open_until, last_error}. A provider that is missing has never failed.
 * May be called by: service_role. Raises nothing.
 */
create function private.circuit_states()
returns table (provider text, state text, consecutive_failures integer, open_until text, last_error text)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return query
  select circuit.provider,
    case
      when circuit.open_until is null then 'closed'
      when circuit.open_until > private.now() then 'open'
      else 'half_open'
    end,
    circuit.consecutive_failures, private.iso(circuit.open_until), circuit.last_error
  from private.provider_circuits as circuit
  order by circuit.provider;
end
$$;
comment on function private.circuit_states() is
  'Circuits for readiness checks. Why definer: circuits are granted to nobody.';
grant execute on function private.circuit_states() to service_role;
