/*
 * Who works on other people's users: administrators, and external systems with a machine key. Both act as
 * the database role `nff_operator`, under policies that ask for the role of the person or the scope of the
 * key at each statement, so a key that is revoked ends in the middle of what it does.
 *
 * Touches: role `nff_operator`, private.machine_keys, private.may_operate, private.require_operator.
 * Not granted: the table to anybody; membership in `nff_operator` to `authenticator`, so no token of any kind
 * reaches the role through the Data API.
 */

do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'nff_operator') then
    create role nff_operator nologin noinherit;
  end if;
  -- The functions log in as this role and take on the other one for a transaction.
  execute 'grant nff_operator to current_user with inherit true, set true';
end
$$;
grant usage on schema private, public to nff_operator;

create table private.machine_keys (
  key_id uuid primary key default private.uuid_v7(),
  name text not null check (private.is_plain_text(name, 100)),
  prefix text not null unique check (prefix ~ '^nffk_[A-Za-z0-9]{8}$'),
  secret_sha256 bytea not null check (pg_catalog.octet_length(secret_sha256) = 32),
  scopes text[] not null check (
    scopes <@ array['users:read', 'users:write'] and pg_catalog.cardinality(scopes) > 0
  ),
  allowed_networks cidr[] not null default '{}' check (pg_catalog.cardinality(allowed_networks) <= 20),
  replaced_by uuid unique references private.machine_keys (key_id) on delete restrict,
  created_by uuid not null references public.profiles (user_id) on delete restrict,
  created_at timestamptz not null default private.now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  revoked_by uuid references public.profiles (user_id) on delete restrict,
  check ((revoked_at is null) = (revoked_by is null))
) with (fillfactor = 80);
alter table private.machine_keys enable row level security;
create index machine_keys_created_at_idx on private.machine_keys (created_at, key_id);
create index machine_keys_created_by_idx on private.machine_keys (created_by);
create index machine_keys_revoked_by_idx on private.machine_keys (revoked_by) where revoked_by is not null;

comment on table private.machine_keys is 'Keys of external systems. Rows stay, so that what a key did can be told for ever.';
comment on column private.machine_keys.prefix is 'The first 13 characters of the key: what finds it and what people recognise it by. Not part of the secret.';
comment on column private.machine_keys.secret_sha256 is 'Hash of the whole key. 256 random bits need no slow hash.';
comment on column private.machine_keys.allowed_networks is 'Networks that the key may be used from; empty for any.';
comment on column private.machine_keys.replaced_by is 'The key that rotation made in its place.';
comment on column private.machine_keys.last_used_at is 'Written at most once a minute.';

/*
 * Whether whoever makes this request may do what p_scope names: the key of the claims has the scope and is
 * neither revoked nor expired; without a key in the claims, the signed-in person is an administrator.
 */
create function private.may_operate(variadic p_scopes text[])
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_key_id constant text := auth.jwt() ->> 'key_id';
begin
  if v_key_id is null then
    return private.has_role('admin');
  end if;
  return exists (
    select from private.machine_keys
    where key_id = private.uuid_or_null(v_key_id)
      and scopes && p_scopes
      and revoked_at is null
      and (expires_at is null or expires_at > private.now())
  );
end
$$;
comment on function private.may_operate(text[]) is
  'Right to work on other people''s users. Why definer: keys and roles are granted to nobody.';
grant execute on function private.may_operate(text[]) to nff_operator;

/* Refuses callers that may not do what p_scope names. Raises NF016 for a key, NF010 for a person. */
create function private.require_operator(p_scope text)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  if private.may_operate(p_scope) then
    return;
  end if;
  if auth.jwt() ? 'key_id' then
    raise exception 'The API key lacks the scope %.', p_scope using errcode = 'NF016';
  end if;
  raise exception 'None of your roles allows this.' using errcode = 'NF010';
end
$$;
comment on function private.require_operator(text) is
  'Refuses callers without the right. Why definer: it reads the claims through the schema auth.';
grant execute on function private.require_operator(text) to nff_operator;

/* Who makes this request, for the audit: {kind, id}. */
create function private.operator()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return case
    when auth.jwt() ? 'key_id' then pg_catalog.jsonb_build_object('kind', 'machine', 'id', auth.jwt() ->> 'key_id')
    else pg_catalog.jsonb_build_object('kind', 'staff', 'id', auth.uid())
  end;
end
$$;
comment on function private.operator() is
  'Actor of the audit. Why definer: it reads the claims through the schema auth.';

/* A key names itself in the claims, so its idempotency keys are its own. */
create or replace function private.idempotency_caller()
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return coalesce(
    auth.uid()::text, 'key:' || (auth.jwt() ->> 'key_id'), nullif(auth.role(), ''), 'none');
end
$$;
comment on function private.idempotency_caller() is 'Subject of the token, id of the machine key, or the role.';
grant execute on function
  private.idempotency_begin(text, text),
  private.idempotency_finish(text, text, integer, jsonb, text)
to nff_operator;
