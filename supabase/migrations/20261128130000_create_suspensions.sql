/*
 * Suspending accounts, ending that, and signing people out. What follows from a suspension for sessions and
 * for Auth is done by triggers on public.profiles, whoever suspends.
 *
 * Touches: private.suspensions, private.suspend_user, private.reinstate_user, private.sign_out_user.
 * Not granted: the table to anybody; the functions to `anon` and `service_role`: a person answers for them.
 */

create table private.suspensions (
  suspension_id uuid primary key default private.uuid_v7(),
  user_id uuid not null references public.profiles (user_id) on delete cascade,
  reason_code text not null check (reason_code in (
    'fraud_suspected', 'compliance_hold', 'security_incident', 'user_request', 'other')),
  note text check (pg_catalog.char_length(note) between 1 and 4000),
  suspended_by uuid not null references public.profiles (user_id) on delete restrict,
  suspended_at timestamptz not null default private.now(),
  ended_by uuid references public.profiles (user_id) on delete restrict,
  ended_note text check (pg_catalog.char_length(ended_note) between 1 and 4000),
  ended_at timestamptz,
  check (ended_at is not null or (ended_by is null and ended_note is null))
);
alter table private.suspensions enable row level security;
create unique index suspensions_current_key on private.suspensions (user_id) where ended_at is null;
create index suspensions_user_id_idx on private.suspensions (user_id);
create index suspensions_suspended_by_idx on private.suspensions (suspended_by);
create index suspensions_ended_by_idx on private.suspensions (ended_by) where ended_by is not null;
comment on table private.suspensions is 'Why accounts were suspended and by whom; whether one is, says public.profiles.';
comment on column private.suspensions.note is 'Words of staff for staff. The audit has codes only.';

insert into private.personal_data (relation, rows_of, withheld_because, erase_later, kept_because) values
  ('private.suspensions', 't.user_id = $1',
    'What was suspected may not be disclosed: the law against money laundering forbids tipping off.',
    $$note = case when t.note is not null then '[erased]' end,
      ended_note = case when t.ended_note is not null then '[erased]' end$$,
    'Ids of staff and codes, for accountability.');

/* State of an account as in the contract (schema AdminAccountStatus). */
create function private.account_status(p_profile public.profiles)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return case
    when p_profile.is_permanently_deleted then 'permanently_deleted'
    when p_profile.is_soft_deleted then 'soft_deleted'
    when p_profile.suspended_at is not null then 'suspended'
    else 'active'
  end;
end
$$;
comment on function private.account_status(public.profiles) is 'State of an account in one word.';

/* Sessions of a person that have not ended. */
create function private.count_sessions(p_user_id uuid)
returns integer
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select least(count(*), 100000)::integer from auth.sessions
    where user_id = p_user_id and (not_after is null or not_after > pg_catalog.now()));
end
$$;
comment on function private.count_sessions(uuid) is
  'Counts sessions. Why definer: the tables of Auth are granted to nobody.';

/*
 * The person that a member of staff wants to do something to, locked. Only an administrator touches staff.
 * Raises NF010, NF020, NF050 (p_expected_version is not the version).
 */
create function private.lock_user_for_staff(p_user_id uuid, p_expected_version integer default null)
returns public.profiles
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_is_staff boolean;
  v_profile public.profiles;
begin
  -- Before the profile, as whoever changes roles takes the two.
  if private.roles_of(p_user_id) <> '{}' then
    perform private.lock_roles();
  end if;
  select * into v_profile from public.profiles where user_id = p_user_id for update;
  if not found then
    raise exception 'There is no such user.' using errcode = 'NF020';
  end if;
  v_is_staff := private.roles_of(p_user_id) <> '{}';
  if v_is_staff and not private.has_role('admin') then
    raise exception 'Only an administrator does this to a member of staff.' using errcode = 'NF010';
  end if;
  if v_profile.version <> p_expected_version then
    raise exception 'The user has changed since it was read.' using errcode = 'NF050';
  end if;
  return v_profile;
end
$$;
comment on function private.lock_user_for_staff(uuid, integer) is
  'Locks a person for staff. Why definer: roles are granted to nobody.';

/* The answer to an action on an account (schema AdminUserActionResult). */
create function private.user_action_result(p_user_id uuid, p_ended_sessions integer)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select pg_catalog.jsonb_build_object(
      'user_id', profile.user_id, 'account_status', private.account_status(profile), 'version', profile.version,
      'ended_sessions', p_ended_sessions)
    from public.profiles as profile where profile.user_id = p_user_id);
end
$$;
comment on function private.user_action_result(uuid, integer) is
  'Answer about an account. Why definer: profiles of others are hidden.';

/*
 * Suspends an active account. p_expected_version: null for any. Returns: schema AdminUserActionResult.
 * May be called by: compliance_admin, admin; for staff admin only, and nobody for themselves.
 * Raises NF002, NF010, NF011, NF020, NF040 (the last administrator), NF043 (not active), NF050.
 */
create function private.suspend_user(
  p_user_id uuid, p_reason_code text, p_note text, p_expected_version integer
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_actor constant uuid := private.require_role('compliance_admin', 'admin');
  v_profile public.profiles;
  v_sessions integer;
begin
  perform private.require_aal2();
  if p_user_id = v_actor then
    raise exception 'Nobody suspends themselves.' using errcode = 'NF010';
  end if;
  v_profile := private.lock_user_for_staff(p_user_id, p_expected_version);
  if private.account_status(v_profile) <> 'active' then
    raise exception 'Only an active account can be suspended.' using errcode = 'NF043';
  end if;
  v_sessions := private.count_sessions(p_user_id);
  update public.profiles set suspended_at = private.now() where user_id = p_user_id;
  -- A suspension that was lifted by other means is over.
  update private.suspensions set ended_at = private.now() where user_id = p_user_id and ended_at is null;
  insert into private.suspensions (user_id, reason_code, note, suspended_by)
  values (p_user_id, p_reason_code, p_note, v_actor);
  perform private.audit_append('user:' || p_user_id, 'staff', v_actor::text, 'user.suspended', 'user',
    p_user_id::text, p_reason_code, pg_catalog.jsonb_build_object('ended_sessions', v_sessions));
  return private.user_action_result(p_user_id, v_sessions);
end
$$;
comment on function private.suspend_user(uuid, text, text, integer) is
  'Suspends an account. Why definer: nobody may write the suspension; the role is checked first.';
grant execute on function private.suspend_user(uuid, text, text, integer) to authenticated;

/*
 * Ends a suspension. Parameters, callers and errors: see private.suspend_user. Raises NF043 for an account
 * that is not suspended, or is deleted.
 */
create function private.reinstate_user(p_user_id uuid, p_note text, p_expected_version integer)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_actor constant uuid := private.require_role('compliance_admin', 'admin');
  v_profile public.profiles;
begin
  perform private.require_aal2();
  v_profile := private.lock_user_for_staff(p_user_id, p_expected_version);
  if private.is_same_person(p_user_id, v_actor) then
    raise exception 'Nobody reinstates themselves.' using errcode = 'NF010';
  end if;
  if private.account_status(v_profile) <> 'suspended' then
    raise exception 'The account is not suspended.' using errcode = 'NF043';
  end if;
  update public.profiles set suspended_at = null where user_id = p_user_id;
  update private.suspensions set ended_by = v_actor, ended_note = p_note, ended_at = private.now()
  where user_id = p_user_id and ended_at is null;
  perform private.audit_append('user:' || p_user_id, 'staff', v_actor::text, 'user.reinstated', 'user',
    p_user_id::text);
  return private.user_action_result(p_user_id, 0);
end
$$;
comment on function private.reinstate_user(uuid, text, integer) is
  'Ends a suspension. Why definer: nobody may write the suspension; the role is checked first.';
grant execute on function private.reinstate_user(uuid, text, integer) to authenticated;

/*
 * Ends all sessions of a person; the refresh tokens go with them, and access tokens are refused by what
 * writes. The account stays as it is. Returns: schema AdminUserActionResult.
 * May be called by: support, compliance_admin, admin; for staff admin only. Raises NF002, NF010, NF020.
 */
create function private.sign_out_user(p_user_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_actor constant uuid := private.require_role('support', 'compliance_admin', 'admin');
  v_sessions integer;
begin
  perform private.lock_user_for_staff(p_user_id);
  v_sessions := private.count_sessions(p_user_id);
  delete from auth.sessions where user_id = p_user_id;
  perform private.audit_append('user:' || p_user_id, 'staff', v_actor::text, 'user.signed_out', 'user',
    p_user_id::text, null, pg_catalog.jsonb_build_object('ended_sessions', v_sessions));
  return private.user_action_result(p_user_id, v_sessions);
end
$$;
comment on function private.sign_out_user(uuid) is
  'Ends sessions. Why definer: the tables of Auth are granted to nobody; the role is checked first.';
grant execute on function private.sign_out_user(uuid) to authenticated;
