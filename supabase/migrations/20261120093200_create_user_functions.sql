/*
 * The signed-in person: profile and address.
 *
 * Touches: private.get_me, private.update_me, private.put_my_address, a trigger on public.addresses.
 * Not granted: to `anon` and `service_role`; each function acts for the signed-in person only.
 */

/* The version of the profile counts changes of the address too: one ETag covers both. */
create function private.tg_addresses__count_in_profile()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- The touch trigger of profiles sets the next version.
  update public.profiles set updated_at = updated_at where user_id = new.user_id;
  return null;
end
$$;
comment on function private.tg_addresses__count_in_profile() is
  'Counts an address change in the profile. Why definer: people may not update the version.';
create trigger _600_count_in_profile
  after insert or update on public.addresses
  for each row execute function private.tg_addresses__count_in_profile();

/* A profile as in the contract (schema Profile). */
create function private.profile_json(p_profile public.profiles)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'first_name', p_profile.first_name, 'middle_name', p_profile.middle_name,
    'last_name', p_profile.last_name, 'salutation', p_profile.salutation,
    'date_of_birth', p_profile.date_of_birth, 'phone', p_profile.phone,
    'created_at', private.iso(p_profile.created_at), 'updated_at', private.iso(p_profile.updated_at));
end
$$;
comment on function private.profile_json(public.profiles) is 'A profile for its owner and for staff.';

/* What GET /users/me shows of a person besides KYC (schema Me, and `version` for the ETag). */
create function private.me_json(p_profile public.profiles, p_address public.addresses)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_open constant jsonb := private.kyc_person_requirements(p_profile.user_id);
begin
  return pg_catalog.jsonb_build_object(
    'user_id', p_profile.user_id, 'email', p_profile.email, 'version', p_profile.version,
    'profile', private.profile_json(p_profile),
    'address', private.address_json(p_address),
    'roles', pg_catalog.to_jsonb(private.my_roles()),
    'kyc', private.kyc_projection_of(p_profile.user_id),
    'flags', pg_catalog.jsonb_build_object(
      'profile_complete', not pg_catalog.jsonb_path_exists(v_open, '$[*] ? (@.kind != "consent")'),
      'consents_complete', not pg_catalog.jsonb_path_exists(v_open, '$[*] ? (@.kind == "consent")'),
      'suspended', p_profile.suspended_at is not null));
end
$$;
comment on function private.me_json(public.profiles, public.addresses) is
  'Answer about a person. Why definer: rules and settings are granted to nobody.';

/*
 * The signed-in person. Returns: schema Me with `version`, the base of the ETag.
 * May be called by: a signed-in person. Raises NF012 when the account is deleted.
 */
create function private.get_me()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_profile public.profiles;
  v_address public.addresses;
begin
  select * into v_profile from public.profiles where user_id = auth.uid() and not is_soft_deleted;
  if not found then
    raise exception 'The account is deleted.' using errcode = 'NF012';
  end if;
  select * into v_address from public.addresses where user_id = v_profile.user_id and not is_soft_deleted;
  return private.me_json(v_profile, v_address);
end
$$;
comment on function private.get_me() is 'The signed-in person. Why definer: roles, rules and settings are granted to nobody.';
grant execute on function private.get_me() to authenticated;

/* The own profile, locked, if the account may write and the version is the expected one. */
create function private.lock_me(p_expected_version integer)
returns public.profiles
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_account();
  v_profile public.profiles;
begin
  select * into strict v_profile from public.profiles where user_id = v_user_id for update;
  if v_profile.version <> p_expected_version then
    raise exception 'The profile has changed since it was read.' using errcode = 'NF050';
  end if;
  return v_profile;
end
$$;
comment on function private.lock_me(integer) is 'Locks the own profile. Why definer: locking needs the right to update.';

/*
 * Changes the profile of the signed-in person. p_patch: JSON merge patch of first_name, middle_name,
 * last_name, salutation, date_of_birth, phone; null removes. p_expected_version: null for any.
 * Returns: schema Me with `version`.
 * May be called by: a signed-in person. Raises NF010, NF012, NF050, NF001 (value; detail = column).
 */
create function private.update_me(p_patch jsonb, p_expected_version integer)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_old constant public.profiles := private.lock_me(p_expected_version);
  v_new public.profiles;
  v_constraint text;
begin
  if p_patch ->> 'date_of_birth' !~ '^\d{4}-\d{2}-\d{2}$' then
    -- Postgres would take 'yesterday' for a date.
    raise exception 'A value is not valid.' using errcode = 'NF001', detail = 'date_of_birth';
  end if;
  v_new := pg_catalog.jsonb_populate_record(v_old, (
    select coalesce(pg_catalog.jsonb_object_agg(member.key, member.value), '{}')
    from pg_catalog.jsonb_each(p_patch) as member
    where member.key in ('first_name', 'middle_name', 'last_name', 'salutation', 'date_of_birth', 'phone')));
  if v_new is distinct from v_old then
    update public.profiles
    set first_name = v_new.first_name, middle_name = v_new.middle_name, last_name = v_new.last_name,
        salutation = v_new.salutation, date_of_birth = v_new.date_of_birth, phone = v_new.phone
    where user_id = v_old.user_id;
    perform private.audit_append(
      'user:' || v_old.user_id, 'user', v_old.user_id::text, 'user.profile_changed', 'user', v_old.user_id::text, null,
      pg_catalog.jsonb_build_object('members', (
        select coalesce(pg_catalog.jsonb_agg(changed.key order by changed.key), '[]')
        from pg_catalog.jsonb_each(pg_catalog.to_jsonb(v_new)) as changed
        where changed.value is distinct from pg_catalog.to_jsonb(v_old) -> changed.key)));
  end if;
  return private.get_me();
exception
  when check_violation then
    get stacked diagnostics v_constraint = constraint_name;
    raise exception 'A value is not valid.' using errcode = 'NF001',
      detail = pg_catalog.regexp_replace(v_constraint, '^profiles_(.*)_check\d*$', '\1');
  when invalid_text_representation or datetime_field_overflow or invalid_datetime_format then
    raise exception 'A value is not valid.' using errcode = 'NF001', detail = 'date_of_birth';
end
$$;
comment on function private.update_me(jsonb, integer) is
  'Changes the own profile. Why definer: writes profile and audit as one.';
grant execute on function private.update_me(jsonb, integer) to authenticated;

/*
 * Sets the address of the signed-in person. p_address: the members of schema AddressInput; p_expected_version:
 * that of the profile, null for any.
 * Returns: {address: schema Address, version: of the profile, for the ETag}.
 * May be called by: a signed-in person. Raises NF010, NF012, NF050, NF001 (value; detail = column).
 */
create function private.put_my_address(p_address jsonb, p_expected_version integer)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_profile constant public.profiles := private.lock_me(p_expected_version);
  v_given constant public.addresses := pg_catalog.jsonb_populate_record(null::public.addresses, p_address);
  v_address public.addresses;
  v_constraint text;
  v_column text;
begin
  insert into public.addresses as old (
    user_id, address_name, street_address_1, street_address_2, city, state_region, postal_code, country)
  values (
    v_profile.user_id, v_given.address_name, v_given.street_address_1, v_given.street_address_2, v_given.city,
    v_given.state_region, v_given.postal_code, v_given.country)
  on conflict (user_id) do update
  set address_name = excluded.address_name, street_address_1 = excluded.street_address_1,
      street_address_2 = excluded.street_address_2, city = excluded.city, state_region = excluded.state_region,
      postal_code = excluded.postal_code, country = excluded.country
  returning * into v_address;
  perform private.audit_append(
    'user:' || v_profile.user_id, 'user', v_profile.user_id::text, 'user.address_changed', 'address',
    v_address.address_id::text);
  return pg_catalog.jsonb_build_object(
    'address', private.address_json(v_address),
    'version', (select version from public.profiles where user_id = v_profile.user_id));
exception
  when check_violation or not_null_violation then
    get stacked diagnostics v_constraint = constraint_name, v_column = column_name;
    raise exception 'A value is not valid.' using errcode = 'NF001',
      detail = coalesce(nullif(v_column, ''), pg_catalog.regexp_replace(v_constraint, '^addresses_(.*)_check\d*$', '\1'));
end
$$;
comment on function private.put_my_address(jsonb, integer) is
  'Sets the own address. Why definer: people may not insert addresses.';
grant execute on function private.put_my_address(jsonb, integer) to authenticated;

/*
 * The consents of the signed-in person, newest first: a JSON array of schema Consent. Raises NF010, NF012.
 */
create function private.list_my_consents()
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_reader();
begin
  return coalesce((
    select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'consent_id', given.consent_id, 'document', given.document, 'version', given.version,
      'text_sha256', given.text_sha256, 'given_at', private.iso(given.given_at)) order by given.consent_id desc)
    from public.consents as given
    where given.user_id = v_user_id
  ), '[]');
end
$$;
comment on function private.list_my_consents() is 'Own consents, under the policies of the table.';
grant execute on function private.list_my_consents() to authenticated;
