/*
 * What the triggers on auth.users do: the profile of a new account, the e-mail address of a changed one, and
 * with either what an administrator or an external system has asked for. See 20261121090400.
 *
 * Touches: the trigger functions on auth.users.
 * Not granted: the functions to anybody.
 */

/* Writes members of a person to profile and address. Members that are not given stay. */
create function private.write_person(p_user_id uuid, p_input jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_old public.profiles;
  v_new public.profiles;
  v_old_address public.addresses;
  v_new_address public.addresses;
begin
  select * into strict v_old from public.profiles where user_id = p_user_id for update;
  v_new := pg_catalog.jsonb_populate_record(v_old, p_input);
  if v_new is distinct from v_old then
    update public.profiles
    set first_name = v_new.first_name, middle_name = v_new.middle_name, last_name = v_new.last_name,
        salutation = v_new.salutation, date_of_birth = v_new.date_of_birth
    where user_id = p_user_id;
  end if;

  select * into v_old_address from public.addresses where user_id = p_user_id;
  v_new_address := pg_catalog.jsonb_populate_record(v_old_address, p_input);
  if v_old_address.address_id is null and v_new_address is distinct from v_old_address then
    insert into public.addresses (
      user_id, address_name, street_address_1, street_address_2, city, state_region, postal_code, country)
    values (
      p_user_id, v_new_address.address_name, v_new_address.street_address_1, v_new_address.street_address_2,
      v_new_address.city, v_new_address.state_region, v_new_address.postal_code, v_new_address.country);
  elsif v_new_address is distinct from v_old_address then
    update public.addresses
    set address_name = v_new_address.address_name, street_address_1 = v_new_address.street_address_1,
        street_address_2 = v_new_address.street_address_2, city = v_new_address.city,
        state_region = v_new_address.state_region, postal_code = v_new_address.postal_code,
        country = v_new_address.country
    where user_id = p_user_id;
  end if;
end
$$;
comment on function private.write_person(uuid, jsonb) is 'Writes profile and address, under the policies of the caller.';

/*
 * Claims the change that an account was written for. Raises NF043 when it was abandoned meanwhile or names
 * another address, so that Auth takes the account back.
 */
create function private.claim_account_change(p_kind text, p_user_id uuid, p_email text)
returns private.account_changes
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_change private.account_changes;
begin
  select * into v_change from private.account_changes
  where user_id = p_user_id and kind = p_kind and (p_kind = 'create' or status = 'pending')
  order by change_id desc limit 1
  for update;
  if not found or (p_kind = 'update' and pg_catalog.lower(v_change.email) <> pg_catalog.lower(p_email)) then
    return null;
  end if;
  if v_change.status <> 'pending' or pg_catalog.lower(v_change.email) <> pg_catalog.lower(p_email) then
    raise exception 'This change of an account is not wanted any more.' using errcode = 'NF043';
  end if;
  perform pg_catalog.set_config('app.request_id', coalesce(v_change.request_id, ''), true);
  return v_change;
end
$$;
comment on function private.claim_account_change(text, uuid, text) is
  'Finds the change behind a write of Auth. Why definer: the table is granted to nobody.';

create or replace function private.tg_users__create_profile()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_change constant private.account_changes := private.claim_account_change('create', new.id, new.email);
  v_person public.profiles;
  v_address public.addresses;
begin
  if v_change.change_id is null then
    insert into public.profiles (user_id, email, first_name, last_name)
    values (
      new.id,
      nullif(new.email, ''),
      coalesce(
        private.name_from_metadata(new.raw_user_meta_data, 'first_name'),
        private.name_from_metadata(new.raw_user_meta_data, 'given_name')),
      coalesce(
        private.name_from_metadata(new.raw_user_meta_data, 'last_name'),
        private.name_from_metadata(new.raw_user_meta_data, 'family_name'))
    );
    return null;
  end if;

  v_person := pg_catalog.jsonb_populate_record(null::public.profiles, v_change.input);
  v_address := pg_catalog.jsonb_populate_record(null::public.addresses, v_change.input);
  insert into public.profiles (user_id, email, first_name, middle_name, last_name, salutation, date_of_birth)
  values (
    new.id, new.email, v_person.first_name, v_person.middle_name, v_person.last_name, v_person.salutation,
    v_person.date_of_birth);
  insert into public.addresses (
    user_id, address_name, street_address_1, street_address_2, city, state_region, postal_code, country)
  values (
    new.id, v_address.address_name, v_address.street_address_1, v_address.street_address_2, v_address.city,
    v_address.state_region, v_address.postal_code, v_address.country);
  perform private.request_account_task(new.id, 'invitation');
  perform private.audit_append('user:' || new.id, v_change.actor_kind, v_change.actor_id, 'user.created', 'user',
    new.id::text);
  perform private.close_account_change(v_change.change_id, 'applied');
  return null;
exception when unique_violation then
  raise exception 'A user with this e-mail address exists.' using errcode = 'NF030';
end
$$;

create or replace function private.tg_users__sync_email()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_change constant private.account_changes := private.claim_account_change('update', new.id, new.email);
  v_version integer;
begin
  select version into v_version from public.profiles where user_id = new.id for update;
  if v_version <> v_change.expected_version then
    raise exception 'The profile has changed since it was read.' using errcode = 'NF050';
  end if;
  update public.profiles set email = nullif(new.email, '') where user_id = new.id;
  if v_change.change_id is not null then
    perform private.write_person(new.id, v_change.input);
    perform private.audit_append('user:' || new.id, v_change.actor_kind, v_change.actor_id, 'user.changed', 'user',
      new.id::text, null, pg_catalog.jsonb_build_object('members', array(
        select member from pg_catalog.jsonb_object_keys(v_change.input || '{"email": null}') as member order by member)));
    perform private.close_account_change(v_change.change_id, 'applied');
  end if;
  return null;
exception when unique_violation then
  raise exception 'A user with this e-mail address exists.' using errcode = 'NF030';
end
$$;
