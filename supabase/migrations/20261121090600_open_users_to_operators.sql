/*
 * What administrators and machine keys may see and write of other people: policies and column grants of
 * `nff_operator`. The functions of the next migrations run as this role and add no right to it.
 *
 * Touches: policies and grants on public.profiles and public.addresses; small functions.
 * Not granted: the e-mail address, the suspension, the version, and deleting rows.
 */

/*
 * Whether the caller may change this person: an administrator may, a machine key only those who are not
 * staff, because whoever sets the e-mail address of an account can take it over.
 */
create function private.may_change_person(p_user_id uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return not auth.jwt() ? 'key_id' or not exists (select from private.user_roles where user_id = p_user_id);
end
$$;
comment on function private.may_change_person(uuid) is
  'Protects staff from machine keys. Why definer: roles are granted to nobody.';

create policy profiles_select_operator on public.profiles for select to nff_operator
  using ((select private.may_operate('users:read', 'users:write')));
create policy profiles_update_operator on public.profiles for update to nff_operator
  using ((select private.may_operate('users:write')) and private.may_change_person(user_id))
  with check ((select private.may_operate('users:write')) and private.may_change_person(user_id));
create policy addresses_select_operator on public.addresses for select to nff_operator
  using ((select private.may_operate('users:read', 'users:write')));
create policy addresses_insert_operator on public.addresses for insert to nff_operator
  with check ((select private.may_operate('users:write')) and private.may_change_person(user_id));
create policy addresses_update_operator on public.addresses for update to nff_operator
  using ((select private.may_operate('users:write')) and private.may_change_person(user_id))
  with check ((select private.may_operate('users:write')) and private.may_change_person(user_id));

revoke all on public.profiles, public.addresses from nff_operator;
grant select on public.profiles, public.addresses to nff_operator;
grant update (
  first_name, middle_name, last_name, salutation, date_of_birth, is_soft_deleted, is_permanently_deleted
) on public.profiles to nff_operator;
grant insert (
  user_id, address_name, street_address_1, street_address_2, city, state_region, postal_code, country
), update (
  address_name, street_address_1, street_address_2, city, state_region, postal_code, country, is_soft_deleted,
  is_permanently_deleted
) on public.addresses to nff_operator;

-- What the defaults, checks and triggers of the two tables and the functions below call.
grant execute on function
  private.now(),
  private.uuid_v7(),
  private.iso(timestamptz),
  private.is_plain_text(text, integer),
  private.may_change_person(uuid),
  private.person_members(jsonb),
  private.check_person(jsonb, text[]),
  private.check_row(regclass, jsonb),
  private.write_person(uuid, jsonb)
to nff_operator;

/* Records what an operator did to a person. Raises NF010 or NF016 for callers that may not do it. */
create function private.audit_person(p_user_id uuid, p_action text, p_details jsonb default '{}')
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_operator constant jsonb := private.operator();
begin
  perform private.require_operator('users:write');
  if p_action not in ('user.changed', 'user.soft_deleted', 'user.permanently_deleted', 'user.reactivated') then
    raise exception 'This is not an act of an operator.' using errcode = 'NF010';
  end if;
  perform private.audit_append('user:' || p_user_id, v_operator ->> 'kind', v_operator ->> 'id', p_action, 'user',
    p_user_id::text, null, p_details);
end
$$;
comment on function private.audit_person(uuid, text, jsonb) is
  'Audit of operators, who cannot choose the actor. Why definer: the audit is granted to nobody.';
grant execute on function private.audit_person(uuid, text, jsonb) to nff_operator;

/*
 * The person that an operator wants to change, locked. Raises NF010, NF016, NF020; NF010 too for a machine
 * key and a member of staff.
 */
create function private.lock_person(p_user_id uuid)
returns public.profiles
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_profile public.profiles;
begin
  perform private.require_operator('users:write');
  if not exists (select from public.profiles where user_id = p_user_id) then
    raise exception 'There is no such user.' using errcode = 'NF020';
  end if;
  if not private.may_change_person(p_user_id) then
    raise exception 'An API key may not change a member of staff.' using errcode = 'NF010';
  end if;
  select * into strict v_profile from public.profiles where user_id = p_user_id for update;
  return v_profile;
end
$$;
comment on function private.lock_person(uuid) is 'Locks a person under the policies of the caller.';
grant execute on function private.lock_person(uuid) to nff_operator;

/* A person as NFF shows it (schema NffUser). */
create function private.nff_user_json(p_profile public.profiles, p_address public.addresses)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'user_id', p_profile.user_id, 'first_name', p_profile.first_name, 'middle_name', p_profile.middle_name,
    'last_name', p_profile.last_name, 'salutation', p_profile.salutation,
    'date_of_birth', p_profile.date_of_birth, 'email', p_profile.email,
    'user_is_soft_deleted', p_profile.is_soft_deleted,
    'user_is_permanently_deleted', p_profile.is_permanently_deleted,
    'address_id', p_address.address_id, 'address_name', p_address.address_name,
    'street_address_1', p_address.street_address_1, 'street_address_2', p_address.street_address_2,
    'city', p_address.city, 'state_region', p_address.state_region, 'postal_code', p_address.postal_code,
    'country', p_address.country, 'address_is_soft_deleted', coalesce(p_address.is_soft_deleted, false),
    'address_is_permanently_deleted', coalesce(p_address.is_permanently_deleted, false),
    'version', p_profile.version);
end
$$;
comment on function private.nff_user_json(public.profiles, public.addresses) is 'Answer about a person in the names of NFF.';
grant execute on function private.nff_user_json(public.profiles, public.addresses) to nff_operator;

/*
 * Records that an operator has read people in full: one in the chain of that person, or a page of them in the
 * chain of the operator. A page names who was on it and the kinds of filters; what was searched for can be a
 * name. Raises NF010 or NF016 for callers that may not read.
 */
create function private.audit_people_read(p_user_id uuid, p_user_ids uuid[] default null, p_filter jsonb default '{}')
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_operator constant jsonb := private.operator();
  v_kind constant text := v_operator ->> 'kind';
  v_id constant text := v_operator ->> 'id';
begin
  perform private.require_operator('users:read');
  if p_user_id is not null then
    perform private.audit_append(
      'user:' || p_user_id, v_kind, v_id, 'user.read', 'user', p_user_id::text);
  else
    perform private.audit_append(
      v_kind || ':' || v_id, v_kind, v_id, 'user.listed', 'user', null, null,
      pg_catalog.jsonb_build_object(
        'filters', array(select pg_catalog.jsonb_object_keys(p_filter)),
        'rows', pg_catalog.cardinality(p_user_ids), 'user_ids', p_user_ids));
  end if;
end
$$;
comment on function private.audit_people_read(uuid, uuid[], jsonb) is
  'Audit of reading operators, who cannot choose the actor. Why definer: the audit is granted to nobody.';
grant execute on function private.audit_people_read(uuid, uuid[], jsonb) to nff_operator;

/*
 * A person, deleted or not (schema NffUser); the read is audited. May be called by: nff_operator. Raises NF010,
 * NF016, NF020.
 */
create function private.nff_get_user(p_user_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_profile public.profiles;
  v_address public.addresses;
begin
  perform private.require_operator('users:read');
  select * into v_profile from public.profiles where user_id = p_user_id;
  if not found then
    raise exception 'There is no such user.' using errcode = 'NF020';
  end if;
  select * into v_address from public.addresses where user_id = p_user_id;
  perform private.audit_people_read(p_user_id);
  return private.nff_user_json(v_profile, v_address);
end
$$;
comment on function private.nff_get_user(uuid) is 'Reads a person under the policies of the caller.';
grant execute on function private.nff_get_user(uuid) to nff_operator;
