/*
 * An account lives in Auth and its person here, and only Auth writes accounts. So what is to become of the
 * person is written down first, with the id or the e-mail address that Auth is then asked for, and the trigger
 * on auth.users carries it out inside Auth's own transaction: account, profile, address, audit entry and
 * invitation come into being together or not at all, wherever anybody crashes. A change that Auth never
 * carried out is abandoned after a while and leaves nothing but its id.
 *
 * Touches: private.account_changes, private.settings, the triggers on auth.users.
 * Not granted: the table to anybody.
 */

alter table private.settings add column account_change_ttl interval not null default '5 minutes';
comment on column private.settings.account_change_ttl is 'How long a change of an account may wait for Auth before it is abandoned.';

create table private.account_changes (
  change_id uuid primary key default private.uuid_v7(),
  kind text not null check (kind in ('create', 'update')),
  user_id uuid not null,
  email text,
  input jsonb,
  expected_version integer,
  actor_kind text not null,
  actor_id text not null,
  request_id text,
  status text not null default 'pending' check (status in ('pending', 'applied', 'abandoned')),
  created_at timestamptz not null default private.now(),
  finished_at timestamptz,
  check (status <> 'pending' or (email is not null and input is not null)),
  check (status = 'pending' or (email is null and input is null and finished_at is not null))
);
alter table private.account_changes enable row level security;
create unique index account_changes_pending_user_key on private.account_changes (user_id) where status = 'pending';
create unique index account_changes_pending_email_key on private.account_changes (pg_catalog.lower(email))
  where status = 'pending';
create index account_changes_user_id_idx on private.account_changes (user_id, change_id);
create index account_changes_created_at_idx on private.account_changes (created_at) where status = 'pending';
create index account_changes_finished_at_idx on private.account_changes (finished_at) where status <> 'pending';

comment on table private.account_changes is 'What Auth is asked to do to an account, and what belongs to it on our side.';
comment on column private.account_changes.user_id is 'The account; chosen by us, so nobody who signs up can come by it. No foreign key: it may never exist.';
comment on column private.account_changes.email is 'The address that the account is to have. Null, like input, when it is over.';
comment on column private.account_changes.input is 'Members of the person in the names of NFF; null when it is over.';
comment on column private.account_changes.expected_version is 'Version of the profile that the change is based on.';

/*
 * Refuses a row that would break a check of its table, before it is written by somebody who could not tell
 * the caller. Raises NF001 (detail = column).
 */
create function private.check_row(p_table regclass, p_row jsonb)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_checks constant text := (
    select pg_catalog.string_agg(pg_catalog.format(
      'select %L as name where (%s) is false', c.conname, pg_catalog.pg_get_expr(c.conbin, c.conrelid)), ' union all ')
    from pg_catalog.pg_constraint as c
    where c.conrelid = p_table and c.contype = 'c');
  v_constraint text;
begin
  execute pg_catalog.format(
    'select faults.name from pg_catalog.jsonb_populate_record(null::%s, $1) as r cross join lateral (%s) as faults limit 1',
    p_table, v_checks)
  into v_constraint using p_row;
  if v_constraint is not null then
    raise exception 'A value is not valid.' using errcode = 'NF001',
      detail = pg_catalog.regexp_replace(v_constraint, '^[a-z]+_(.*)_check\d*$', '\1');
  end if;
exception when invalid_text_representation or datetime_field_overflow or invalid_datetime_format then
  raise exception 'A value is not valid.' using errcode = 'NF001', detail = 'date_of_birth';
end
$$;
comment on function private.check_row(regclass, jsonb) is 'Applies the checks of a table to a row that is not in it yet.';

/* The members of profile and address that others than the person may set, and nothing else of p_input. */
create function private.person_members(p_input jsonb)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return (
    select coalesce(pg_catalog.jsonb_object_agg(member.key, member.value), '{}')
    from pg_catalog.jsonb_each(p_input) as member
    where member.key in (
      'first_name', 'middle_name', 'last_name', 'salutation', 'date_of_birth', 'address_name', 'street_address_1',
      'street_address_2', 'city', 'state_region', 'postal_code', 'country'));
end
$$;
comment on function private.person_members(jsonb) is 'Keeps the members that may be written.';

/*
 * Refuses members that the tables would refuse, p_required that are missing or null, and birth dates that are
 * not in the past. Raises NF001 (detail = member).
 */
create function private.check_person(p_input jsonb, p_required text[])
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_missing constant text := (
    select required.name from unnest(p_required) as required (name) where p_input ->> required.name is null limit 1);
begin
  if v_missing is not null then
    raise exception 'A value is missing.' using errcode = 'NF001', detail = v_missing;
  end if;
  perform private.check_row('public.profiles', p_input);
  perform private.check_row('public.addresses', p_input);
  if (p_input ->> 'date_of_birth')::date >= private.now()::date then
    raise exception 'The date of birth must be in the past.' using errcode = 'NF001', detail = 'date_of_birth';
  end if;
end
$$;
comment on function private.check_person(jsonb, text[]) is 'Applies the rules of profile and address to members from outside.';

/* Ends a change. Personal data goes with it. */
create function private.close_account_change(p_change_id uuid, p_status text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  update private.account_changes
  set status = p_status, email = null, input = null, finished_at = private.now()
  where change_id = p_change_id and status = 'pending';
end
$$;
comment on function private.close_account_change(uuid, text) is
  'Ends a change. Why definer: the table is granted to nobody.';

/*
 * Abandons changes that Auth has not carried out in time, and removes the ids of old ones. A change that Auth
 * carries out at this moment is locked by it: whoever comes second sees what the first has done.
 * Returns how many were abandoned. May be called by: service_role. Raises nothing.
 */
create function private.abandon_account_changes(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_settings private.settings;
  v_abandoned integer;
begin
  select * into strict v_settings from private.settings;
  update private.account_changes as late
  set status = 'abandoned', email = null, input = null, finished_at = private.now()
  where late.change_id in (
    select change_id from private.account_changes
    where status = 'pending' and created_at <= private.now() - v_settings.account_change_ttl
    order by created_at limit p_limit for update skip locked);
  get diagnostics v_abandoned = row_count;
  -- As long as a client may repeat its request, the outcome must be known.
  delete from private.account_changes
  where change_id in (
    select change_id from private.account_changes
    where status <> 'pending' and finished_at <= private.now() - v_settings.idempotency_ttl - interval '1 day'
    limit p_limit for update skip locked);
  return v_abandoned;
end
$$;
comment on function private.abandon_account_changes(integer) is
  'Compensates for changes that came to nothing. Why definer: the table is granted to nobody.';
grant execute on function private.abandon_account_changes(integer) to service_role;
