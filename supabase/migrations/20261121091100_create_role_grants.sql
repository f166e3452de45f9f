/*
 * Giving and taking roles. A change counts from its commit on: roles are read at each request.
 *
 * Touches: private.role_change_requests, private.put_user_roles, private.grant_role_as_owner.
 * Not granted: the table to anybody; grant_role_as_owner to anybody, it is for whoever owns the database.
 */

create table private.role_change_requests (
  approval_id uuid primary key default private.uuid_v7(),
  user_id uuid not null unique references public.profiles (user_id) on delete cascade,
  roles public.staff_role[] not null,
  roles_before public.staff_role[] not null,
  requested_by uuid not null references public.profiles (user_id) on delete cascade,
  requested_at timestamptz not null default private.now(),
  expires_at timestamptz not null
);
alter table private.role_change_requests enable row level security;
create index role_change_requests_requested_by_idx on private.role_change_requests (requested_by);
comment on table private.role_change_requests is 'Changes of roles that wait for a second administrator; one per person, the newest.';
comment on column private.role_change_requests.approval_id is 'Names exactly this request: another one for the same person has another id.';
comment on column private.role_change_requests.roles is 'All roles that the person would have.';
comment on column private.role_change_requests.roles_before is 'What they had when it was asked for: with others, the request is void.';

/* The change that waits for a second person, if one does (schema AdminPendingRoleChange). */
create function private.pending_role_change(p_user_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select pg_catalog.jsonb_build_object(
      'approval_id', approval_id, 'roles', roles, 'requested_by', requested_by,
      'requested_at', private.iso(requested_at), 'expires_at', private.iso(expires_at))
    from private.role_change_requests
    where user_id = p_user_id and expires_at > private.now() and roles_before = private.roles_of(p_user_id)
  );
end
$$;
comment on function private.pending_role_change(uuid) is
  'A waiting change of roles. Why definer: the requests are granted to nobody.';

create function private.roles_of(p_user_id uuid)
returns public.staff_role[]
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return array(select role from private.user_roles where user_id = p_user_id order by role);
end
$$;
comment on function private.roles_of(uuid) is 'Roles of a person. Why definer: roles are granted to nobody.';

/*
 * The request that p_approval_id names, if p_actor may confirm it now. Raises NF013 for who made it, also under
 * another account, NF039 when it lapsed, was replaced, names other roles, the roles in force are others than
 * they were, or its author could not make it any more.
 */
create function private.confirmable_role_change(
  p_approval_id uuid, p_user_id uuid, p_roles public.staff_role[], p_rank integer, p_actor uuid
)
returns private.role_change_requests
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_request private.role_change_requests;
begin
  select * into v_request from private.role_change_requests
  where approval_id = p_approval_id and user_id = p_user_id and expires_at > private.now();
  if private.is_same_person(v_request.requested_by, p_actor) then
    raise exception 'Another administrator has to confirm this.' using errcode = 'NF013';
  end if;
  if v_request.approval_id is null
    or not (v_request.roles @> p_roles and v_request.roles <@ p_roles)
    or v_request.roles_before <> private.roles_of(p_user_id)
    or not exists (
      select from private.user_roles as assigned join public.profiles as author using (user_id)
      where assigned.user_id = v_request.requested_by and private.role_rank(assigned.role) >= p_rank
        and author.suspended_at is null and not author.is_soft_deleted)
  then
    raise exception 'This request is not current.' using errcode = 'NF039';
  end if;
  return v_request;
end
$$;
comment on function private.confirmable_role_change(uuid, uuid, public.staff_role[], integer, uuid) is
  'Checks a confirmation. Why definer: roles and requests are granted to nobody.';

/* Makes p_roles the roles of a person, and says so in the audit. The rules have been checked. */
create function private.write_roles(
  p_user_id uuid, p_roles public.staff_role[], p_granted_by uuid, p_actor_kind text, p_actor_id text, p_details jsonb
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_before constant public.staff_role[] := private.roles_of(p_user_id);
begin
  if p_details ? 'approval_id' then
    delete from private.role_change_requests where user_id = p_user_id;
  else
    perform private.end_role_request(p_user_id, 'replaced');
  end if;
  if v_before @> p_roles and v_before <@ p_roles then
    return;
  end if;
  insert into private.user_roles (user_id, role, granted_by)
  select p_user_id, role, p_granted_by from unnest(p_roles) as role
  on conflict do nothing;
  delete from private.user_roles where user_id = p_user_id and role <> all (p_roles);
  -- The version of the profile counts roles too.
  update public.profiles set updated_at = updated_at where user_id = p_user_id;
  perform private.audit_append('user:' || p_user_id, p_actor_kind, p_actor_id, 'user.roles_changed', 'user',
    p_user_id::text, null,
    pg_catalog.jsonb_build_object('before', v_before, 'after', private.roles_of(p_user_id)) || p_details);
end
$$;
comment on function private.write_roles(uuid, public.staff_role[], uuid, text, text, jsonb) is
  'Writes roles. Why definer: roles are granted to nobody.';

/* The answer to a change of roles (schema AdminUserRolesResult). */
create function private.roles_result(p_user_id uuid, p_result text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'result', p_result, 'user_id', p_user_id, 'roles', private.roles_of(p_user_id),
    'version', (select version from public.profiles where user_id = p_user_id),
    'pending_role_change', private.pending_role_change(p_user_id));
end
$$;
comment on function private.roles_result(uuid, text) is 'Answer about roles. Why definer: roles are granted to nobody.';

/*
 * Sets the roles of a person. p_roles: all of them, a JSON array. p_approval_id: the request that this
 * confirms, or null. p_expected_version: of the profile, null for any. Giving compliance_admin or admin waits
 * for a second person. Returns: schema AdminUserRolesResult.
 * May be called by: compliance_admin, admin, for roles up to their own; operations ask for admin.
 * Raises NF010, NF011, NF013, NF014 (role above the own), NF015 (own roles), NF020, NF039, NF040, NF043, NF050.
 */
create function private.put_user_roles(
  p_user_id uuid, p_roles jsonb, p_approval_id uuid, p_expected_version integer
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_actor constant uuid := private.require_role('compliance_admin', 'admin');
  v_roles constant public.staff_role[] := array(
    select distinct role::public.staff_role from pg_catalog.jsonb_array_elements_text(p_roles) as role);
  v_before public.staff_role[];
  v_changed public.staff_role[];
  v_profile public.profiles;
  v_rank integer;
  v_request private.role_change_requests;
begin
  perform private.require_aal2();
  perform private.lock_roles();
  select * into v_profile from public.profiles where user_id = p_user_id for update;
  if not found then
    raise exception 'There is no such user.' using errcode = 'NF020';
  elsif private.is_same_person(p_user_id, v_actor) then
    raise exception 'Nobody changes their own roles.' using errcode = 'NF015';
  elsif v_profile.version <> p_expected_version then
    raise exception 'The user has changed since it was read.' using errcode = 'NF050';
  end if;

  v_before := private.roles_of(p_user_id);
  v_changed := array(
    select role from unnest(v_roles || v_before) as role where (role = any (v_roles)) <> (role = any (v_before)));
  select max(private.role_rank(role)) into v_rank from unnest(v_changed) as role;
  if v_rank > (select max(private.role_rank(role)) from unnest(private.roles_of(v_actor)) as role) then
    raise exception 'You may not give or take a role above your own.' using errcode = 'NF014';
  end if;
  if v_roles <> '{}' and (v_profile.is_soft_deleted or v_profile.suspended_at is not null) then
    raise exception 'The account is suspended or deleted.' using errcode = 'NF043';
  end if;

  if p_approval_id is not null then
    v_request := private.confirmable_role_change(p_approval_id, p_user_id, v_roles, v_rank, v_actor);
    perform private.write_roles(p_user_id, v_roles, v_request.requested_by, 'staff', v_actor::text,
      pg_catalog.jsonb_build_object('requested_by', v_request.requested_by, 'approval_id', v_request.approval_id));
  elsif exists (
    select from unnest(v_changed) as role where role = any (v_roles) and role in ('compliance_admin', 'admin')
  ) then
    perform private.end_role_request(p_user_id, 'replaced');
    insert into private.role_change_requests (user_id, roles, roles_before, requested_by, expires_at)
    select p_user_id, v_roles, v_before, v_actor, private.now() + second_vote_ttl from private.settings;
    perform private.audit_append('user:' || p_user_id, 'staff', v_actor::text, 'user.roles_requested', 'user',
      p_user_id::text, null, pg_catalog.jsonb_build_object('roles', v_roles));
    return private.roles_result(p_user_id, 'pending_second_approval');
  else
    perform private.write_roles(p_user_id, v_roles, v_actor, 'staff', v_actor::text, '{}');
  end if;
  return private.roles_result(p_user_id, 'applied');
end
$$;
comment on function private.put_user_roles(uuid, jsonb, uuid, integer) is
  'Sets roles. Why definer: roles are granted to nobody.';
grant execute on function private.put_user_roles(uuid, jsonb, uuid, integer) to authenticated;

/* The version of a person, for who names several. Raises NF010, NF020. */
create function private.user_version(p_user_id uuid)
returns integer
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_version integer;
begin
  perform private.require_role('compliance_admin', 'admin');
  select version into v_version from public.profiles where user_id = p_user_id;
  if not found then
    raise exception 'There is no such user.' using errcode = 'NF020';
  end if;
  return v_version;
end
$$;
comment on function private.user_version(uuid) is 'Version of a person. Why definer: others'' profiles are hidden.';
grant execute on function private.user_version(uuid) to authenticated;

/*
 * Gives a role from the command line: to a confirmed account, and only as long as there is no administrator,
 * unless p_force says that the owner of the database means it. Returns whether anything changed.
 * May be called by: the owner of the table. Raises NF010 (there is an administrator), NF020, NF043.
 */
create function private.grant_role_as_owner(p_email text, p_role public.staff_role, p_force boolean)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_profile public.profiles;
begin
  perform private.lock_roles();
  if private.has_other_admin(null) and not p_force then
    raise exception 'There is an administrator already, who grants roles.' using errcode = 'NF010';
  end if;
  select * into v_profile from public.profiles where pg_catalog.lower(email) = pg_catalog.lower(p_email);
  if not found then
    raise exception 'There is no account with this e-mail address.' using errcode = 'NF020';
  elsif v_profile.is_soft_deleted or v_profile.suspended_at is not null then
    raise exception 'The account is suspended or deleted.' using errcode = 'NF043';
  elsif (select email_confirmed_at from auth.users where id = v_profile.user_id) is null then
    raise exception 'The e-mail address of this account is not confirmed.' using errcode = 'NF043';
  elsif p_role = any (private.roles_of(v_profile.user_id)) then
    return false;
  end if;
  perform private.write_roles(
    v_profile.user_id, private.roles_of(v_profile.user_id) || p_role, null, 'system', 'database owner',
    pg_catalog.jsonb_build_object('login', session_user, 'forced', p_force));
  return true;
end
$$;
comment on function private.grant_role_as_owner(text, public.staff_role, boolean) is
  'Gives the first administrator the role. Granted to nobody.';
