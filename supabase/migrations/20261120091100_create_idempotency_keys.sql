/*
 * Idempotent requests: key, fingerprint and answer are stored in the transaction of the effect, so
 * either all of it happened or none.
 *
 * Touches: private.idempotency_keys, private.idempotency_begin, private.idempotency_finish.
 * Not granted: the table to anybody. Callers cannot name each other's keys: the caller is read from the
 * claims of the request.
 */

create table private.idempotency_keys (
  caller text not null,
  key text not null check (pg_catalog.char_length(key) between 1 and 255),
  fingerprint text not null,
  status smallint not null check (status between 200 and 599),
  headers jsonb not null,
  body text,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (caller, key)
);
alter table private.idempotency_keys enable row level security;
create index idempotency_keys_expires_at_idx on private.idempotency_keys (expires_at);
comment on table private.idempotency_keys is 'The first answer to each key, per caller. Removed when expired.';
comment on column private.idempotency_keys.caller is 'Subject of the token, or the role where there is none.';
comment on column private.idempotency_keys.fingerprint is 'Hash of method, path and body: another request with the same key is refused.';
comment on column private.idempotency_keys.body is 'The answer byte for byte, null for an empty one.';

/* Who makes this request, as far as idempotency keys go. */
create function private.idempotency_caller()
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return coalesce(auth.uid()::text, nullif(auth.role(), ''), 'none');
end
$$;
comment on function private.idempotency_caller() is 'Subject of the token, or the role of the key.';

/*
 * Opens a request with an idempotency key; the first call of its transaction.
 * Returns one row: state `new` (go on, then call idempotency_finish) or `replay` with the status,
 * headers and body of the first answer.
 * May be called by: authenticated, service_role.
 * Raises NF044 while another request with this key runs, NF060 if the key came with another request.
 */
create function private.idempotency_begin(p_key text, p_fingerprint text)
returns table (state text, status smallint, headers jsonb, body text)
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_caller constant text := private.idempotency_caller();
  v_stored private.idempotency_keys;
begin
  -- Held until the transaction ends; after a commit the stored answer is visible to the next holder.
  if not pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended(v_caller || ' ' || p_key, 20261120)) then
    raise exception 'A request with this Idempotency-Key is still running.' using errcode = 'NF044';
  end if;

  select * into v_stored from private.idempotency_keys as stored
  where stored.caller = v_caller and stored.key = p_key;

  if found and v_stored.expires_at <= private.now() then
    delete from private.idempotency_keys as stored where stored.caller = v_caller and stored.key = p_key;
    v_stored := null;
  end if;

  if v_stored.key is null then
    return query select 'new', null::smallint, null::jsonb, null::text;
  elsif v_stored.fingerprint <> p_fingerprint then
    raise exception 'This Idempotency-Key was used with another request.' using errcode = 'NF060';
  else
    return query select 'replay', v_stored.status, v_stored.headers, v_stored.body;
  end if;
end
$$;
comment on function private.idempotency_begin(text, text) is
  'Opens an idempotent request. Why definer: the stored answers are granted to nobody.';
grant execute on function private.idempotency_begin(text, text) to authenticated, service_role;

/*
 * Stores the answer of a request that idempotency_begin called `new`; the last call of its transaction.
 * May be called by: authenticated, service_role. Raises nothing of its own.
 */
create function private.idempotency_finish(
  p_key text, p_fingerprint text, p_status integer, p_headers jsonb, p_body text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  insert into private.idempotency_keys (caller, key, fingerprint, status, headers, body, created_at, expires_at)
  select private.idempotency_caller(), p_key, p_fingerprint, p_status, p_headers, p_body, private.now(),
    private.now() + settings.idempotency_ttl
  from private.settings as settings;
end
$$;
comment on function private.idempotency_finish(text, text, integer, jsonb, text) is
  'Stores the answer of an idempotent request. Why definer: the stored answers are granted to nobody.';
grant execute on function private.idempotency_finish(text, text, integer, jsonb, text)
  to authenticated, service_role;
