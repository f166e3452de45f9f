/*
 * What operators do to people: create, change, delete, reactivate. Whatever concerns the account as well is
 * written down here and carried out with Auth (20261121090400); the rest is done at once.
 *
 * Touches: functions of the operations users.createUser to users.reactivateUser.
 * Not granted: to API roles.
 */

/*
 * Writes down what Auth is to do. A change of the same person or for the same address that nobody can be
 * working on any more gives way. Raises NF010 (also for the address of other staff), NF011 (staff), NF016, NF030, NF050 (somebody else changes the
 * person now).
 */
create function private.request_account_change(
  p_kind text, p_user_id uuid, p_email text, p_input jsonb, p_expected_version integer
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_operator constant jsonb := private.operator();
  v_constraint text;
begin
  perform private.require_operator('users:write');
  if p_kind = 'update' and not private.may_change_person(p_user_id) then
    raise exception 'An API key may not change a member of staff.' using errcode = 'NF010';
  end if;
  -- Whoever sets the e-mail address of staff can take its roles over, and would be two people in one.
  if p_kind = 'update' and exists (select from private.user_roles where user_id = p_user_id) then
    if p_user_id is distinct from auth.uid() then
      raise exception 'Members of staff change their e-mail address themselves.' using errcode = 'NF010';
    end if;
    perform private.require_aal2();
    perform private.check_identity_change(own, pg_catalog.jsonb_populate_record(own, private.person_members(p_input)))
    from public.profiles as own where own.user_id = p_user_id;
  end if;
  if exists (
    select from public.profiles where pg_catalog.lower(email) = pg_catalog.lower(p_email) and user_id <> p_user_id
  ) then
    raise exception 'A user with this e-mail address exists.' using errcode = 'NF030';
  end if;
  -- No request lives longer than this.
  perform private.close_account_change(change_id, 'abandoned')
  from private.account_changes
  where status = 'pending' and created_at <= private.now() - interval '30 seconds'
    and (user_id = p_user_id or pg_catalog.lower(email) = pg_catalog.lower(p_email));
  insert into private.account_changes (
    kind, user_id, email, input, expected_version, actor_kind, actor_id, request_id)
  values (
    p_kind, p_user_id, p_email, private.person_members(p_input), p_expected_version, v_operator ->> 'kind',
    v_operator ->> 'id', nullif(pg_catalog.current_setting('app.request_id', true), ''));
exception when unique_violation then
  get stacked diagnostics v_constraint = constraint_name;
  if v_constraint = 'account_changes_pending_user_key' then
    raise exception 'The user is being changed by another request.' using errcode = 'NF050';
  end if;
  raise exception 'A user with this e-mail address exists.' using errcode = 'NF030';
end
$$;
comment on function private.request_account_change(text, uuid, text, jsonb, integer) is
  'Writes down a change of an account. Why definer: the table is granted to nobody.';
grant execute on function private.request_account_change(text, uuid, text, jsonb, integer) to nff_operator;

/*
 * What has become of a change, after Auth has answered or failed to. A change that cannot succeed any more is
 * closed here, so commit before telling the caller.
 * Returns {outcome: applied|pending|email_taken|stale|abandoned, version}; version when applied.
 * May be called by: nff_operator. Raises NF010, NF016.
 */
create function private.settle_account_change(p_kind text, p_user_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_change private.account_changes;
  v_version integer;
  v_outcome text;
begin
  perform private.require_operator('users:write');
  select * into v_change from private.account_changes
  where user_id = p_user_id and kind = p_kind order by change_id desc limit 1 for update;
  select version into v_version from public.profiles where user_id = p_user_id;
  v_outcome := case
    -- Old changes are forgotten; an account that is there was made by one of them.
    when v_change.change_id is null then case when v_version is null then 'abandoned' else 'applied' end
    when v_change.status <> 'pending' then v_change.status
    when exists (
      select from public.profiles
      where pg_catalog.lower(email) = pg_catalog.lower(v_change.email) and user_id <> p_user_id) then 'email_taken'
    when v_version <> v_change.expected_version then 'stale'
    else 'pending'
  end;
  if v_outcome in ('email_taken', 'stale') then
    perform private.close_account_change(v_change.change_id, 'abandoned');
  end if;
  return pg_catalog.jsonb_build_object('outcome', v_outcome,
    'version', case when v_outcome = 'applied' then v_version end);
end
$$;
comment on function private.settle_account_change(text, uuid) is
  'Tells what became of a change. Why definer: the table is granted to nobody.';
grant execute on function private.settle_account_change(text, uuid) to nff_operator;

/*
 * Takes a repeated request up where the first one stopped: an abandoned change is written down again.
 * Returns {outcome: applied|pending, version}. May be called by: nff_operator. Raises as the first request.
 */
create function private.resume_account_change(
  p_kind text, p_user_id uuid, p_email text, p_input jsonb, p_expected_version integer
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_state constant jsonb := private.settle_account_change(p_kind, p_user_id);
begin
  case v_state ->> 'outcome'
    when 'applied', 'pending' then
      return v_state;
    when 'email_taken' then
      raise exception 'A user with this e-mail address exists.' using errcode = 'NF030';
    when 'stale' then
      raise exception 'The user has changed since it was read.' using errcode = 'NF050';
    else
      -- The account of an abandoned creation can only be made under a change that is open.
      delete from private.account_changes
      where user_id = p_user_id and kind = p_kind and status = 'abandoned';
      perform private.request_account_change(p_kind, p_user_id, p_email, p_input, p_expected_version);
      return pg_catalog.jsonb_build_object('outcome', 'pending', 'version', null);
  end case;
end
$$;
comment on function private.resume_account_change(text, uuid, text, jsonb, integer) is
  'Resumes a change. Why definer: the table is granted to nobody.';
grant execute on function private.resume_account_change(text, uuid, text, jsonb, integer) to nff_operator;

/*
 * Begins the creation of a person: {user_id} for Auth to make the account with.
 * May be called by: nff_operator. Raises NF001, NF010, NF016, NF030.
 */
create function private.nff_create_user(p_input jsonb)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.uuid_v7();
begin
  perform private.require_operator('users:write');
  perform private.check_person(p_input, array['first_name', 'last_name', 'email', 'address_name', 'street_address_1',
    'city', 'state_region', 'postal_code', 'country']);
  perform private.request_account_change('create', v_user_id, p_input ->> 'email', p_input, null);
  return pg_catalog.jsonb_build_object('user_id', v_user_id);
end
$$;
comment on function private.nff_create_user(jsonb) is 'Begins the creation of a person.';
grant execute on function private.nff_create_user(jsonb) to nff_operator;

/*
 * Changes the members of a person that p_input has; name and birth date of staff as private.check_identity_change
 * says. Returns {outcome: applied|pending, version}: pending when
 * the e-mail address changes, which Auth has to do.
 * May be called by: nff_operator. Raises NF001, NF010, NF011, NF016, NF020, NF030, NF043 (deleted), NF050.
 */
create function private.nff_update_user(p_user_id uuid, p_expected_version integer, p_input jsonb)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_profile constant public.profiles := private.lock_person(p_user_id);
  v_members constant jsonb := private.person_members(p_input);
  v_address_members constant text[] := array['address_name', 'street_address_1', 'city', 'state_region',
    'postal_code', 'country'];
  v_column text;
  v_version integer;
begin
  if v_profile.is_soft_deleted then
    raise exception 'The user is deleted.' using errcode = 'NF043';
  end if;
  if v_profile.version <> p_expected_version then
    raise exception 'The user has changed since it was read.' using errcode = 'NF050';
  end if;
  -- A first address has to be a whole one.
  perform private.check_person(p_input, case
    when v_members ?| pg_catalog.array_append(v_address_members, 'street_address_2')
      and not exists (select from public.addresses where user_id = p_user_id)
    then v_address_members end);
  if pg_catalog.lower(p_input ->> 'email') <> pg_catalog.lower(v_profile.email) or
    (p_input ? 'email' and v_profile.email is null) then
    perform private.request_account_change('update', p_user_id, p_input ->> 'email', v_members, v_profile.version);
    return pg_catalog.jsonb_build_object('outcome', 'pending', 'version', null);
  end if;

  perform private.write_person(p_user_id, v_members);
  select version into strict v_version from public.profiles where user_id = p_user_id;
  if v_version <> v_profile.version then
    perform private.audit_person(p_user_id, 'user.changed', pg_catalog.jsonb_build_object('members', array(
      select member from pg_catalog.jsonb_object_keys(v_members) as member order by member)));
  end if;
  return pg_catalog.jsonb_build_object('outcome', 'applied', 'version', v_version);
exception when not_null_violation then
  get stacked diagnostics v_column = column_name;
  raise exception 'A value is missing.' using errcode = 'NF001', detail = v_column;
end
$$;
comment on function private.nff_update_user(uuid, integer, jsonb) is 'Changes a person under the policies of the caller.';
grant execute on function private.nff_update_user(uuid, integer, jsonb) to nff_operator;
