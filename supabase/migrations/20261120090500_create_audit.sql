/*
 * The audit log: append-only, one hash chain per stream, written in the transaction of what it records.
 * It holds ids and codes and no personal data, so that erasing a person does not break a chain.
 *
 * Touches: private.audit_heads, private.audit_log, private.audit_append,
 * private.audit_faults, private.audit_verify.
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
  raise exception 'Audit entries are written by private.audit_append().' using errcode = 'NF010';
end
$$;
comment on function private.tg_audit__guard_writer() is 'Refuses every writer of the audit but its function.';
-- The condition stands here and not in the function, which is then called for nobody but the refused.
create trigger _200_guard_writer
  before insert on private.audit_log
  for each row when (current_user <> 'nff_engine') execute function private.tg_audit__guard_writer();
create trigger _200_guard_writer
  before insert or update on private.audit_heads
  for each row when (current_user <> 'nff_engine') execute function private.tg_audit__guard_writer();

/*
 * The hash of one entry. Each field has its length in front, so that moving a character to the next field
 * changes the hash; -1 stands for null. Written out instead of a function per field: verifying calls it once per
 * entry, and eight more calls take four times as long.
 */
create function private.audit_hash(
  p_previous bytea, p_audit_id uuid, p_stream text, p_sequence bigint, p_at timestamptz, p_actor_kind text,
  p_actor_id text, p_action text, p_subject_type text, p_subject_id text, p_reason_code text, p_request_id text, p_details text
)
returns bytea
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_null constant bytea := '\xffffffff';
begin
  return pg_catalog.sha256(
    coalesce(p_previous, '\x0000000000000000000000000000000000000000000000000000000000000000')
    || pg_catalog.uuid_send(p_audit_id)
    || coalesce(pg_catalog.int4send(pg_catalog.octet_length(p_stream)) || pg_catalog.convert_to(p_stream, 'UTF8'), v_null)
    || pg_catalog.int8send(p_sequence)
    || pg_catalog.int8send((extract(epoch from p_at) * 1000000)::bigint)
    || coalesce(pg_catalog.int4send(pg_catalog.octet_length(p_actor_kind)) || pg_catalog.convert_to(p_actor_kind, 'UTF8'), v_null)
    || coalesce(pg_catalog.int4send(pg_catalog.octet_length(p_actor_id)) || pg_catalog.convert_to(p_actor_id, 'UTF8'), v_null)
    || coalesce(pg_catalog.int4send(pg_catalog.octet_length(p_action)) || pg_catalog.convert_to(p_action, 'UTF8'), v_null)
    || coalesce(pg_catalog.int4send(pg_catalog.octet_length(p_subject_type)) || pg_catalog.convert_to(p_subject_type, 'UTF8'), v_null)
    || coalesce(pg_catalog.int4send(pg_catalog.octet_length(p_subject_id)) || pg_catalog.convert_to(p_subject_id, 'UTF8'), v_null)
    || coalesce(pg_catalog.int4send(pg_catalog.octet_length(p_reason_code)) || pg_catalog.convert_to(p_reason_code, 'UTF8'), v_null)
    || coalesce(pg_catalog.int4send(pg_catalog.octet_length(p_request_id)) || pg_catalog.convert_to(p_request_id, 'UTF8'), v_null)
    || coalesce(pg_catalog.int4send(pg_catalog.octet_length(p_details)) || pg_catalog.convert_to(p_details, 'UTF8'), v_null)
  );
end
$$;
comment on function private.audit_hash(bytea, uuid, text, bigint, timestamptz, text, text, text, text, text, text, text, text) is
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
  v_audit_id constant uuid := private.uuid_v7();
  v_at constant timestamptz := pg_catalog.clock_timestamp();
  v_details constant text := p_details::text;
  v_request_id constant text := nullif(pg_catalog.current_setting('app.request_id', true), '');
  v_sequence bigint;
  v_hash bytea;
begin
  -- One statement locks the head, moves it and computes the hash from what it held.
  update private.audit_heads as head
  set sequence = head.sequence + 1,
      updated_at = v_at,
      hash = private.audit_hash(
        head.hash, v_audit_id, p_stream, head.sequence + 1, v_at, p_actor_kind, p_actor_id, p_action,
        p_subject_type, p_subject_id, p_reason_code, v_request_id, v_details)
  where head.stream = p_stream
  returning head.sequence, head.hash into v_sequence, v_hash;
  if not found then
    -- The first entry of a stream; of two that think so, one finds the other's.
    insert into private.audit_heads as head (stream, sequence, hash)
    values (p_stream, 1, private.audit_hash(
      null, v_audit_id, p_stream, 1, v_at, p_actor_kind, p_actor_id, p_action, p_subject_type, p_subject_id,
      p_reason_code, v_request_id, v_details))
    on conflict (stream) do update
    set sequence = head.sequence + 1,
        updated_at = v_at,
        hash = private.audit_hash(
          head.hash, v_audit_id, p_stream, head.sequence + 1, v_at, p_actor_kind, p_actor_id, p_action,
          p_subject_type, p_subject_id, p_reason_code, v_request_id, v_details)
    returning head.sequence, head.hash into v_sequence, v_hash;
  end if;

  insert into private.audit_log (
    audit_id, stream, sequence, at, actor_kind, actor_id, action, subject_type, subject_id, reason_code,
    request_id, details, hash)
  values (
    v_audit_id, p_stream, v_sequence, v_at, p_actor_kind, p_actor_id, p_action, p_subject_type, p_subject_id,
    p_reason_code, v_request_id, v_details, v_hash);
  return v_sequence;
end
$$;
comment on function private.audit_append(text, text, text, text, text, text, text, jsonb) is
  'Appends to the audit. Why definer: runs as nff_engine, the only role that may write these tables.';

/*
 * Checks the chains from one name to another, both included, in one pass. Returns one row per fault, none when
 * all is well: `gap` (entries before this one are missing), `changed` (the hash does not fit), `head` (the end of
 * the chain is not what the head says, or one is there without the other).
 * May be called by: the functions of this schema.
 */
create function private.audit_faults(p_first text, p_last text)
returns table (stream text, sequence bigint, fault text)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return query
  select chain.stream, found.sequence, found.fault
  from (
    select entry.*,
      pg_catalog.lag(entry.hash) over w as previous_hash,
      pg_catalog.lag(entry.sequence, 1, 0::bigint) over w as previous_sequence,
      pg_catalog.lead(entry.sequence) over w is null as is_last
    from private.audit_log as entry
    where entry.stream between p_first and p_last
    window w as (partition by entry.stream order by entry.sequence)
  ) as chain
  left join private.audit_heads as head on head.stream = chain.stream
  cross join lateral (values
    (chain.sequence, case
      -- What came before is not there to compute with.
      when chain.sequence <> chain.previous_sequence + 1 then 'gap'
      when chain.hash is distinct from private.audit_hash(
        chain.previous_hash, chain.audit_id, chain.stream, chain.sequence, chain.at, chain.actor_kind,
        chain.actor_id, chain.action, chain.subject_type, chain.subject_id, chain.reason_code, chain.request_id, chain.details)
      then 'changed'
    end),
    (coalesce(head.sequence, chain.sequence), case
      when chain.is_last and (head.sequence, head.hash) is distinct from (chain.sequence, chain.hash) then 'head'
    end)
  ) as found (sequence, fault)
  where found.fault is not null
  union all
  select head.stream, head.sequence, 'head'
  from private.audit_heads as head
  where head.stream between p_first and p_last
    and not exists (select from private.audit_log as entry where entry.stream = head.stream);
end
$$;
comment on function private.audit_faults(text, text) is
  'Finds faults in a range of chains. Why definer: the log is granted to nobody.';

/* Checks one chain, or all: see private.audit_faults. May be called by: the functions of this schema. */
create function private.audit_verify(p_stream text default null)
returns table (stream text, sequence bigint, fault text)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return query
  select found.* from private.audit_faults(
    coalesce(p_stream, ''),
    coalesce(p_stream, greatest(
      (select max(entry.stream) from private.audit_log as entry),
      (select max(head.stream) from private.audit_heads as head)))) as found;
end
$$;
comment on function private.audit_verify(text) is
  'Finds faults in the audit. Why definer: the log is granted to nobody.';
