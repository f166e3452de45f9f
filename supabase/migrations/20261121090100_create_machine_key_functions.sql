/*
 * Machine keys: proving one, and what administrators do with them. The key itself never comes here, only
 * its prefix and its hash, so no statement log can hold it.
 *
 * Touches: private.authenticate_machine_key and the functions of the operations admin.*ApiKey.
 * Not granted: to `anon` and `service_role`.
 */

/* Compares two hashes in the same time whatever they have in common. */
create function private.equal_hashes(p_left bytea, p_right bytea)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.bit_count(
    ('x' || pg_catalog.encode(p_left, 'hex'))::bit(256) # ('x' || pg_catalog.encode(p_right, 'hex'))::bit(256)
  ) = 0;
end
$$;
comment on function private.equal_hashes(bytea, bytea) is 'Comparison in constant time of two SHA-256 hashes.';

/* A network address as it was sent: null if it is none, IPv4 where it is IPv4 in IPv6 clothes. */
create function private.address_or_null(p_value text)
returns inet
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.host(pg_catalog.regexp_replace(p_value, '^::ffff:(\d+\.\d+\.\d+\.\d+)$', '\1', 'i')::inet)::inet;
exception when invalid_text_representation then
  return null;
end
$$;
comment on function private.address_or_null(text) is 'Casts without failing on texts that come from outside.';

/*
 * Whether a key works here and now. p_sha256: hexadecimal hash of the whole key. p_address: where the
 * request comes from, null when that is not known, which fits no network.
 * Returns {state: unknown|revoked|expired|network|ok, key_id, scopes}; the last two only when ok.
 * May be called by: nff_operator, before anybody is known. Raises nothing.
 */
create function private.authenticate_machine_key(p_prefix text, p_sha256 text, p_address text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := private.now();
  v_key private.machine_keys;
  v_is_equal boolean;
  v_state text;
begin
  select * into v_key from private.machine_keys where prefix = p_prefix;
  -- An unknown prefix is compared too, so that it takes as long as a known one.
  v_is_equal := private.equal_hashes(
    coalesce(v_key.secret_sha256, pg_catalog.sha256('')), pg_catalog.decode(p_sha256, 'hex'));
  v_state := case
    when v_key.key_id is null or not v_is_equal then 'unknown'
    when v_key.revoked_at is not null then 'revoked'
    when v_key.expires_at <= v_now then 'expired'
    when v_key.allowed_networks <> '{}'
      and (private.address_or_null(p_address) <<= any (v_key.allowed_networks)) is not true then 'network'
    else 'ok'
  end;
  if v_state <> 'ok' then
    return pg_catalog.jsonb_build_object('state', v_state);
  end if;

  -- Nobody waits for somebody else who writes the same minute.
  update private.machine_keys set last_used_at = v_now
  where key_id = (
    select key_id from private.machine_keys
    where key_id = v_key.key_id and (last_used_at is null or last_used_at <= v_now - interval '1 minute')
    for no key update skip locked
  );
  return pg_catalog.jsonb_build_object('state', v_state, 'key_id', v_key.key_id, 'scopes', v_key.scopes);
end
$$;
comment on function private.authenticate_machine_key(text, text, text) is
  'Proves a machine key. Why definer: the keys are granted to nobody.';
grant execute on function private.authenticate_machine_key(text, text, text) to nff_operator;

/* A key as administrators see it (schema AdminApiKey). */
create function private.machine_key_json(p_key private.machine_keys)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'key_id', p_key.key_id, 'name', p_key.name, 'prefix', p_key.prefix,
    'status', case when p_key.revoked_at is not null then 'revoked'
      when p_key.expires_at <= private.now() then 'expired' else 'active' end,
    'scopes', p_key.scopes, 'allowed_cidrs', p_key.allowed_networks, 'replaced_by', p_key.replaced_by,
    'created_by', p_key.created_by, 'created_at', private.iso(p_key.created_at),
    'expires_at', private.iso(p_key.expires_at), 'last_used_at', private.iso(p_key.last_used_at),
    'revoked_at', private.iso(p_key.revoked_at));
end
$$;
comment on function private.machine_key_json(private.machine_keys) is 'Answer about a key; without its hash.';

/*
 * Records a new key. p_input: {name, scopes, allowed_cidrs?, expires_at?}. Returns: schema AdminApiKey.
 * May be called by: an administrator. Raises NF010, NF011, NF001 (detail = member).
 */
create function private.create_machine_key(p_input jsonb, p_prefix text, p_sha256 text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_actor constant uuid := private.require_role('admin');
  v_expires_at constant timestamptz := p_input ->> 'expires_at';
  v_networks cidr[];
  v_key private.machine_keys;
begin
  perform private.require_aal2();
  if v_expires_at <= private.now() then
    raise exception 'The key would have expired already.' using errcode = 'NF001', detail = 'expires_at';
  end if;
  begin
    v_networks := array(
      select network::cidr from pg_catalog.jsonb_array_elements_text(p_input -> 'allowed_cidrs') as network);
  exception when invalid_text_representation then
    raise exception 'This is not a list of networks.' using errcode = 'NF001', detail = 'allowed_cidrs';
  end;
  insert into private.machine_keys (name, prefix, secret_sha256, scopes, allowed_networks, created_by, expires_at)
  values (
    p_input ->> 'name', p_prefix, pg_catalog.decode(p_sha256, 'hex'),
    array(select pg_catalog.jsonb_array_elements_text(p_input -> 'scopes')), v_networks, v_actor, v_expires_at)
  returning * into v_key;
  perform private.audit_append('machine_keys', 'staff', v_actor::text, 'machine_key.created', 'machine_key',
    v_key.key_id::text, null, pg_catalog.jsonb_build_object('scopes', v_key.scopes));
  return private.machine_key_json(v_key);
exception when check_violation then
  raise exception 'A value is not valid.' using errcode = 'NF001',
    detail = case when private.is_plain_text(p_input ->> 'name', 100) then 'scopes' else 'name' end;
end
$$;
comment on function private.create_machine_key(jsonb, text, text) is
  'Records a key. Why definer: the keys are granted to nobody.';
grant execute on function private.create_machine_key(jsonb, text, text) to authenticated;

/*
 * The keys, by age. p_statuses: JSON array of active, expired, revoked; null for all. p_sort: created_at or
 * -created_at. p_after: {at, id}, the `cursor` of the last row of the page before; null for the first page.
 * Returns rows of (item, cursor), item as in schema AdminApiKey.
 * May be called by: an auditor or administrator. Raises NF010.
 */
create function private.list_machine_keys(p_statuses jsonb, p_sort text, p_after jsonb, p_limit integer)
returns table (item jsonb, cursor jsonb)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_is_descending constant boolean := p_sort like '-%';
begin
  perform private.require_role('auditor', 'admin');
  return query execute pg_catalog.format($query$
    select shown.item, pg_catalog.jsonb_build_object('at', shown.created_at, 'id', shown.key_id)
    from (
      select private.machine_key_json(k) as item, k.created_at, k.key_id
      from private.machine_keys as k
      where $2 is null or (k.created_at, k.key_id) %1$s (($2 ->> 'at')::timestamptz, ($2 ->> 'id')::uuid)
    ) as shown
    where $1 is null or $1 ? (shown.item ->> 'status')
    order by shown.created_at %2$s, shown.key_id %2$s
    limit $3
  $query$, case when v_is_descending then '<' else '>' end, case when v_is_descending then 'desc' else 'asc' end)
  using p_statuses, p_after, p_limit;
end
$$;
comment on function private.list_machine_keys(jsonb, text, jsonb, integer) is
  'List of keys. Why definer: the keys are granted to nobody.';
grant execute on function private.list_machine_keys(jsonb, text, jsonb, integer) to authenticated;

/*
 * Makes a key in the place of another: same name, scopes, networks and expiry. The old one expires after
 * p_overlap, unless it would have before. Returns the new key: schema AdminApiKey.
 * May be called by: an administrator. Raises NF010, NF011, NF020 (unknown, not active, or replaced already).
 */
create function private.rotate_machine_key(p_key_id uuid, p_overlap interval, p_prefix text, p_sha256 text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_actor constant uuid := private.require_role('admin');
  v_now constant timestamptz := private.now();
  v_old private.machine_keys;
  v_new private.machine_keys;
begin
  perform private.require_aal2();
  select * into v_old from private.machine_keys where key_id = p_key_id for update;
  if not found or v_old.revoked_at is not null or v_old.replaced_by is not null or v_old.expires_at <= v_now then
    raise exception 'There is no such key that could be replaced.' using errcode = 'NF020';
  end if;
  insert into private.machine_keys (name, prefix, secret_sha256, scopes, allowed_networks, created_by, expires_at)
  values (
    v_old.name, p_prefix, pg_catalog.decode(p_sha256, 'hex'), v_old.scopes, v_old.allowed_networks, v_actor,
    v_old.expires_at)
  returning * into v_new;
  update private.machine_keys
  set replaced_by = v_new.key_id, expires_at = least(v_old.expires_at, v_now + p_overlap)
  where key_id = p_key_id;
  perform private.audit_append('machine_keys', 'staff', v_actor::text, 'machine_key.rotated', 'machine_key',
    p_key_id::text, null, pg_catalog.jsonb_build_object('replaced_by', v_new.key_id, 'overlap', p_overlap));
  return private.machine_key_json(v_new);
end
$$;
comment on function private.rotate_machine_key(uuid, interval, text, text) is
  'Replaces a key. Why definer: the keys are granted to nobody.';
grant execute on function private.rotate_machine_key(uuid, interval, text, text) to authenticated;

/*
 * Ends a key at once and for good; a key that is revoked already stays as it is.
 * May be called by: an administrator. Raises NF010, NF011, NF020.
 */
create function private.revoke_machine_key(p_key_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_actor constant uuid := private.require_role('admin');
begin
  perform private.require_aal2();
  update private.machine_keys set revoked_at = private.now(), revoked_by = v_actor
  where key_id = p_key_id and revoked_at is null;
  if found then
    perform private.audit_append('machine_keys', 'staff', v_actor::text, 'machine_key.revoked', 'machine_key',
      p_key_id::text);
  elsif not exists (select from private.machine_keys where key_id = p_key_id) then
    raise exception 'There is no such key.' using errcode = 'NF020';
  end if;
end
$$;
comment on function private.revoke_machine_key(uuid) is 'Ends a key. Why definer: the keys are granted to nobody.';
grant execute on function private.revoke_machine_key(uuid) to authenticated;
