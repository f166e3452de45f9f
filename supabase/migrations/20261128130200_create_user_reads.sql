/*
 * What staff sees of accounts: a list, and one with all that belongs to it. Each read is audited.
 *
 * Touches: indexes on public.profiles; private.list_users, private.get_user and their parts.
 * Not granted: the parts to any API role.
 */

-- Few are suspended or deleted; without these a list of them reads everybody.
create index profiles_suspended_idx on public.profiles (created_at, user_id) where suspended_at is not null;
create index profiles_deleted_idx on public.profiles (created_at, user_id) where is_soft_deleted;

/* An account as the list shows it (schema AdminUserSummary). */
create function private.user_summary(p_profile public.profiles)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'user_id', p_profile.user_id, 'first_name', p_profile.first_name, 'last_name', p_profile.last_name,
    'email', p_profile.email,
    'country', (select country from public.addresses where user_id = p_profile.user_id),
    'account_status', private.account_status(p_profile),
    'roles', pg_catalog.to_jsonb(private.roles_of(p_profile.user_id)),
    'kyc_status', private.kyc_status_of(p_profile.user_id),
    'version', p_profile.version,
    'created_at', private.iso(p_profile.created_at),
    'last_sign_in_at', (select private.iso(last_sign_in_at) from auth.users where id = p_profile.user_id));
end
$$;
comment on function private.user_summary(public.profiles) is
  'An account for staff. Why definer: roles and the tables of Auth are granted to nobody.';

/*
 * A page of accounts. p_filter: {q, account_status [..], role [..], kyc_status [..], country, created_from,
 * created_to}, each optional; without account_status the deleted are left out. p_sort: created_at or last_name, with a
 * minus sign for the reverse. p_after: `position` of the last row of the page before, null for the first page.
 * Returns rows of (item, position), item as in schema AdminUserSummary. Ask for one more than the page holds.
 * May be called by: support, compliance_admin, auditor, admin. Raises NF002, NF010, NF001 (sort).
 */
create function private.list_users(p_filter jsonb, p_sort text, p_after jsonb, p_limit integer)
returns table (item jsonb, "position" jsonb)
language plpgsql
volatile
security definer
rows 25
set search_path = ''
as $$
declare
  v_actor constant uuid := private.require_role('support', 'compliance_admin', 'auditor', 'admin');
  v_id constant uuid := private.uuid_or_null(p_filter ->> 'q');
  v_filter constant jsonb := (p_filter - 'q') || case
    when v_id is not null then pg_catalog.jsonb_build_object('user_id', v_id)
    when p_filter ? 'q' then pg_catalog.jsonb_build_object('search', p_filter -> 'q')
    else '{}'
  end;
  v_count bigint;
begin
  return query
  select private.user_summary(profile), found.position
  from private.find_people(v_filter, p_sort, p_after, p_limit)
    with ordinality as found (user_id, position, place)
  join public.profiles as profile on profile.user_id = found.user_id
  order by found.place;
  get diagnostics v_count = row_count;
  -- What was searched for can be a name, so only the kinds of filters are kept.
  perform private.audit_append('staff:' || v_actor, 'staff', v_actor::text, 'user.listed', 'user', v_id::text, null,
    pg_catalog.jsonb_build_object('filters', array(select pg_catalog.jsonb_object_keys(p_filter)), 'rows', v_count));
end
$$;
comment on function private.list_users(jsonb, text, jsonb, integer) is
  'A page of accounts. Why definer: profiles of others are hidden; the role is checked first.';
grant execute on function private.list_users(jsonb, text, jsonb, integer) to authenticated;

/*
 * The KYC history of a person, newest first (schema AdminUserVerification). p_is_own: without what the person
 * themselves may not know.
 */
create function private.verifications_of(p_user_id uuid, p_is_own boolean)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return coalesce((
    select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'verification_id', own.verification_id, 'status', own.status,
      'internal_reason_code', case when not p_is_own then cases.reason_code end,
      'risk_level', case when not p_is_own then cases.risk_level end, 'attempt', own.attempt, 'created_at', private.iso(own.created_at),
      'decided_at', private.iso(own.decided_at), 'expires_at', private.iso(own.expires_at)
    ) order by own.verification_id desc)
    from (
      select * from public.kyc_verifications where user_id = p_user_id order by verification_id desc limit 100
    ) as own
    join private.kyc_cases as cases using (verification_id)
  ), '[]');
end
$$;
comment on function private.verifications_of(uuid, boolean) is 'KYC history for staff. Why definer: cases are granted to nobody.';

/* Consents of a person, newest first (schema Consent). */
create function private.consents_of(p_user_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return coalesce((
    select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'consent_id', given.consent_id, 'document', given.document, 'version', given.version,
      'text_sha256', given.text_sha256, 'given_at', private.iso(given.given_at)) order by given.consent_id desc)
    from (select * from public.consents where user_id = p_user_id order by consent_id desc limit 200) as given
  ), '[]');
end
$$;
comment on function private.consents_of(uuid) is 'Consents for staff. Why definer: those of others are hidden.';

/* The suspension that is in force (schema AdminSuspension); null without one that staff gave a reason for. */
create function private.suspension_of(p_profile public.profiles)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select pg_catalog.jsonb_build_object(
      'reason_code', reason_code, 'note', note, 'suspended_by', suspended_by,
      'suspended_at', private.iso(suspended_at))
    from private.suspensions
    where user_id = p_profile.user_id and ended_at is null and p_profile.suspended_at is not null);
end
$$;
comment on function private.suspension_of(public.profiles) is
  'Suspension for staff. Why definer: suspensions are granted to nobody.';

/* Roles of a person and who granted them (schema AdminRoleGrant). */
create function private.role_grants_of(p_user_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return coalesce((
    select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'role', role, 'granted_by', granted_by, 'granted_at', private.iso(granted_at)) order by role)
    from private.user_roles where user_id = p_user_id), '[]');
end
$$;
comment on function private.role_grants_of(uuid) is 'Roles for staff. Why definer: roles are granted to nobody.';

/*
 * An account with all that belongs to it, deleted or not (schema AdminUser). The read is audited. Of their own
 * account nobody learns what is kept from the person.
 * May be called by: support, compliance_admin, auditor, admin. Raises NF002, NF010, NF020.
 */
create function private.get_user(p_user_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_actor constant uuid := private.require_role('support', 'compliance_admin', 'auditor', 'admin');
  v_profile public.profiles;
  v_address public.addresses;
begin
  select * into v_profile from public.profiles where user_id = p_user_id;
  if not found then
    raise exception 'There is no such user.' using errcode = 'NF020';
  end if;
  select * into v_address from public.addresses where user_id = p_user_id;
  perform private.audit_append('user:' || p_user_id, 'staff', v_actor::text, 'user.read', 'user', p_user_id::text);
  return pg_catalog.jsonb_build_object(
    'user', private.user_summary(v_profile),
    'profile', private.profile_json(v_profile),
    'address', private.address_json(v_address),
    'suspension', private.suspension_of(v_profile),
    'verifications', private.verifications_of(p_user_id, private.is_same_person(p_user_id, v_actor)),
    'consents', private.consents_of(p_user_id),
    'role_grants', private.role_grants_of(p_user_id),
    'pending_role_change', private.pending_role_change(p_user_id),
    'active_sessions', private.count_sessions(p_user_id),
    'second_factor_enrolled', exists (
      select from auth.mfa_factors where user_id = p_user_id and status = 'verified'));
end
$$;
comment on function private.get_user(uuid) is
  'A whole account for staff. Why definer: most of it is hidden or granted to nobody; the role is checked first.';
grant execute on function private.get_user(uuid) to authenticated;
