/*
 * The audit log: append-only, one hash chain per stream, written in the transaction of what it records.
 * It holds ids and codes and no personal data, so that erasing a person does not break a chain.
 *
 * Touches: private.audit_heads, private.audit_log, private.audit_append, private.audit_verify.
 * Not granted: the tables to anybody. Both belong to `nff_engine` (20261120093900), whose function is
 * the only writer; update, delete and truncate are refused to their owner too.
 */

create table private.audit_heads (
  stream text primary key check (stream ~ '^[a-z][a-z0-9_:-]{0,127}$'),
  sequence bigint not null check (sequence > 0),
  hash bytea not null,
  updated_at timestamptz not null default pg_catalog.clock_timestamp()
) with (fillfactor = 50);
alter table private.audit_heads enable row level security;
create index audit_heads_updated_at_idx on private.audit_heads (updated_at);
comment on table private.audit_heads is 'The end of each chain: what a cut tail is compared with, and what is published outside.';
comment on column private.audit_heads.sequence is 'Entries in the stream, without gaps.';

create table private.audit_log (
  audit_id uuid primary key default private.uuid_v7(),
  stream text not null,
  sequence bigint not null,
  at timestamptz not null,
  actor_kind text not null check (actor_kind in ('user', 'provider', 'staff', 'scheduler', 'system', 'machine')),
  actor_id text,
  action text not null check (action ~ '^[a-z][a-z0-9_.]{0,63}$'),
  subject_type text not null check (subject_type ~ '^[a-z][a-z0-9_]{0,63}$'),
  subject_id text,
  reason_code text,
  request_id text,
  details text not null,
  hash bytea not null,
  unique (stream, sequence)
);
alter table private.audit_log enable row level security;
create index audit_log_actor_id_idx on private.audit_log (actor_id, audit_id);
comment on table private.audit_log is 'One row per recorded act. Never changed, never removed.';
comment on column private.audit_log.stream is 'The chain: kyc:<verification>, user:<user>, or the name of a part of the system.';
comment on column private.audit_log.details is 'JSON of ids and codes, kept as the text that was hashed.';
comment on column private.audit_log.hash is 'sha256 over the hash of the entry before and every field, each with its length.';

create trigger _100_append_only
  before update or delete or truncate on private.audit_log
  for each statement execute function private.tg__append_only();
create trigger _100_append_only
  before delete or truncate on private.audit_heads
  for each statement execute function private.tg__append_only();

/* Only audit_append, which runs as `nff_engine`, adds entries; not even the migrating role can. */
create function private.tg_audit__guard_writer()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if current_user <> 'nff_engine' then
    raise exception 'Audit entries are written by private.audit_append().' using errcode = 'NF010';
  end if;
  return new;
end
$$;
comment on function private.tg_audit__guard_writer() is 'Refuses every writer of the audit but its function.';
create trigger _200_guard_writer
  before insert on private.audit_log
  for each row execute function private.tg_audit__guard_writer();
create trigger _200_guard_writer
  before insert or update on private.audit_heads
  for each row execute function private.tg_audit__guard_writer();

/* A field with its length in front, so that moving a character to the next field changes the hash. */
create function private.audit_field(p_value text)
returns bytea
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return case
    when p_value is null then pg_catalog.int4send(-1)
    else pg_catalog.int4send(pg_catalog.octet_length(p_value)) || pg_catalog.convert_to(p_value, 'UTF8')
  end;
end
$$;
comment on function private.audit_field(text) is 'Length-prefixed bytes of one field; null differs from empty.';

create function private.audit_hash(
  p_previous bytea, p_stream text, p_sequence bigint, p_at timestamptz, p_actor_kind text, p_actor_id text,
  p_action text, p_subject_type text, p_subject_id text, p_reason_code text, p_request_id text, p_details text
)
returns bytea
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.sha256(
    coalesce(p_previous, pg_catalog.decode(pg_catalog.repeat('00', 32), 'hex'))
    || private.audit_field(p_stream)
    || pg_catalog.int8send(p_sequence)
    || pg_catalog.int8send((extract(epoch from p_at) * 1000000)::bigint)
    || private.audit_field(p_actor_kind) || private.audit_field(p_actor_id)
    || private.audit_field(p_action)
    || private.audit_field(p_subject_type) || private.audit_field(p_subject_id)
    || private.audit_field(p_reason_code) || private.audit_field(p_request_id)
    || private.audit_field(p_details)
  );
end
$$;
comment on function private.audit_hash(bytea, text, bigint, timestamptz, text, text, text, text, text, text, text, text) is
  'The hash of one audit entry.';

/*
 * Appends one entry to a stream, in the transaction of the caller; writers of one stream queue for its
 * head. p_details holds ids and codes only. The request id is read from the setting `app.request_id`.
 * May be called by: the functions of this schema. Raises nothing of its own.
 */
create function private.audit_append(
  p_stream text, p_actor_kind text, p_actor_id text, p_action text, p_subject_type text, p_subject_id text,
  p_reason_code text default null, p_details jsonb default '{}'
)
returns bigint
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_at constant timestamptz := pg_catalog.clock_timestamp();
  v_details constant text := p_details::text;
  v_request_id constant text := nullif(pg_catalog.current_setting('app.request_id', true), '');
  v_sequence bigint;
  v_hash bytea;
begin
  -- One statement locks the head, moves it and computes the hash from what it held.
  insert into private.audit_heads as head (stream, sequence, hash)
  values (p_stream, 1, private.audit_hash(
    null, p_stream, 1, v_at, p_actor_kind, p_actor_id, p_action, p_subject_type, p_subject_id,
    p_reason_code, v_request_id, v_details))
  on conflict (stream) do update
  set sequence = head.sequence + 1,
      updated_at = v_at,
      hash = private.audit_hash(
        head.hash, p_stream, head.sequence + 1, v_at, p_actor_kind, p_actor_id, p_action, p_subject_type,
        p_subject_id, p_reason_code, v_request_id, v_details)
  returning head.sequence, head.hash into v_sequence, v_hash;

  insert into private.audit_log (
    stream, sequence, at, actor_kind, actor_id, action, subject_type, subject_id, reason_code, request_id,
    details, hash)
  values (
    p_stream, v_sequence, v_at, p_actor_kind, p_actor_id, p_action, p_subject_type, p_subject_id,
    p_reason_code, v_request_id, v_details, v_hash);
  return v_sequence;
end
$$;
comment on function private.audit_append(text, text, text, text, text, text, text, jsonb) is
  'Appends to the audit. Why definer: runs as nff_engine, the only role that may write these tables.';

/*
 * Checks the chains: of one stream, or of all. Returns one row per fault, none when all is well:
 * fault `gap` (a sequence number is missing), `changed` (the hash does not fit), `head` (the end of the
 * chain is not what the head says, or there is none).
 * May be called by: the functions of this schema.
 */
create function private.audit_verify(p_stream text default null)
returns table (stream text, sequence bigint, fault text)
language sql
stable
security definer
set search_path = ''
as $$
  with chain as (
    select entry.*,
      pg_catalog.lag(entry.hash) over w as previous_hash,
      pg_catalog.row_number() over w as expected_sequence
    from private.audit_log as entry
    where p_stream is null or entry.stream = p_stream
    window w as (partition by entry.stream order by entry.sequence)
  ),
  ends as (
    select distinct on (chain.stream) chain.stream, chain.sequence, chain.hash
    from chain
    order by chain.stream, chain.sequence desc
  )
  select chain.stream, chain.sequence, 'gap'
  from chain
  where chain.sequence <> chain.expected_sequence
  union all
  select chain.stream, chain.sequence, 'changed'
  from chain
  where chain.sequence = chain.expected_sequence
    and chain.hash <> private.audit_hash(
      chain.previous_hash, chain.stream, chain.sequence, chain.at, chain.actor_kind, chain.actor_id,
      chain.action, chain.subject_type, chain.subject_id, chain.reason_code, chain.request_id, chain.details)
  union all
  select coalesce(head.stream, ends.stream), coalesce(head.sequence, ends.sequence), 'head'
  from (select * from private.audit_heads as h where p_stream is null or h.stream = p_stream) as head
  full join ends on ends.stream = head.stream
  where (head.sequence, head.hash) is distinct from (ends.sequence, ends.hash)
$$;
comment on function private.audit_verify(text) is
  'Finds faults in the audit. Why definer: the log is granted to nobody.';
