/*
 * Deletion after NFF users v1: flags, rows stay. Sessions and the ban follow in a trigger (20261121090300).
 *
 * Touches: functions of users.softDeleteUser, users.permanentlyDeleteUser, users.reactivateUser.
 * Not granted: to API roles.
 */

/* Sets the flags of a person and of the address; returns {user_id, version}. */
create function private.flag_person(p_user_id uuid, p_is_soft_deleted boolean, p_is_permanently_deleted boolean, p_action text)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_version integer;
begin
  update public.addresses
  set is_soft_deleted = p_is_soft_deleted, is_permanently_deleted = p_is_permanently_deleted
  where user_id = p_user_id;
  update public.profiles
  set is_soft_deleted = p_is_soft_deleted, is_permanently_deleted = p_is_permanently_deleted
  where user_id = p_user_id
  returning version into strict v_version;
  perform private.audit_person(p_user_id, p_action);
  return pg_catalog.jsonb_build_object('user_id', p_user_id, 'version', v_version);
end
$$;
comment on function private.flag_person(uuid, boolean, boolean, text) is 'Sets the flags of a person.';
grant execute on function private.flag_person(uuid, boolean, boolean, text) to nff_operator;

/*
 * Deletes a person so that it can come back; one that is deleted already stays as it is.
 * Returns {user_id, version}. May be called by: nff_operator.
 * Raises NF010, NF016, NF020, NF040 (last administrator), NF043 (permanently deleted).
 */
create function private.nff_soft_delete_user(p_user_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_profile constant public.profiles := private.lock_person(p_user_id);
begin
  if v_profile.is_permanently_deleted then
    raise exception 'The user is deleted for good.' using errcode = 'NF043';
  elsif v_profile.is_soft_deleted then
    return pg_catalog.jsonb_build_object('user_id', p_user_id, 'version', v_profile.version);
  end if;
  return private.flag_person(p_user_id, true, false, 'user.soft_deleted');
end
$$;
comment on function private.nff_soft_delete_user(uuid) is 'Deletes a person for now, under the policies of the caller.';
grant execute on function private.nff_soft_delete_user(uuid) to nff_operator;

/*
 * Deletes a person for good, as far as the API goes; one that is stays as it is.
 * Returns {user_id, version}. May be called by: nff_operator. Raises NF010, NF016, NF020, NF040.
 */
create function private.nff_permanently_delete_user(p_user_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_profile constant public.profiles := private.lock_person(p_user_id);
begin
  if v_profile.is_permanently_deleted then
    return pg_catalog.jsonb_build_object('user_id', p_user_id, 'version', v_profile.version);
  end if;
  return private.flag_person(p_user_id, true, true, 'user.permanently_deleted');
end
$$;
comment on function private.nff_permanently_delete_user(uuid) is 'Deletes a person for good, under the policies of the caller.';
grant execute on function private.nff_permanently_delete_user(uuid) to nff_operator;

/*
 * Brings a deleted person back. Returns {user_id, version}. May be called by: nff_operator.
 * Raises NF010, NF016, NF020, NF043 (not deleted, or for good).
 */
create function private.nff_reactivate_user(p_user_id uuid)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_profile constant public.profiles := private.lock_person(p_user_id);
begin
  if v_profile.is_permanently_deleted or not v_profile.is_soft_deleted then
    raise exception '%', case when v_profile.is_permanently_deleted
      then 'The user is deleted for good.' else 'The user is not deleted.' end using errcode = 'NF043';
  end if;
  return private.flag_person(p_user_id, false, false, 'user.reactivated');
end
$$;
comment on function private.nff_reactivate_user(uuid) is 'Brings a person back, under the policies of the caller.';
grant execute on function private.nff_reactivate_user(uuid) to nff_operator;
