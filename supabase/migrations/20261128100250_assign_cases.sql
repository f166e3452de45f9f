/*
 * Giving a case to somebody, and giving it back to the queue.
 *
 * Touches: private.kyc_is_reviewer, private.kyc_assign, private.kyc_release, private.job_return_cases.
 * Not granted: to `anon` and `service_role`: a hold is a person's.
 */

/* Whether an account may hold cases: a reviewing role, and in good standing. */
create function private.kyc_is_reviewer(p_user_id uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return exists (
    select
    from private.user_roles as assigned
    join public.profiles as profile on profile.user_id = assigned.user_id
    where assigned.user_id = p_user_id and assigned.role in ('reviewer', 'approver', 'compliance_admin')
      and profile.suspended_at is null and not profile.is_soft_deleted
  );
end
$$;
comment on function private.kyc_is_reviewer(uuid) is
  'Who may hold cases. Why definer: roles are granted to nobody.';

/*
 * Makes a member of staff the holder of a case in review for p_minutes from now; the holder's own call renews
 * the hold. A reviewer takes only free cases, for themselves; an approver or compliance_admin gives any case to
 * anyone.
 * Returns: the case (schema AdminKycSummary).
 * May be called by: reviewer, approver, compliance_admin.
 * Raises NF010 (role, somebody else as a reviewer, the own verification), NF020, NF032 (not in review), NF037
 * (somebody else holds it), NF001 (assignee).
 */
create function private.kyc_assign(p_verification_id uuid, p_assignee_id uuid, p_minutes integer default null)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_staff_id constant uuid := private.require_role('reviewer', 'approver', 'compliance_admin');
  v_is_lead constant boolean := private.has_role('approver', 'compliance_admin');
  v_lasts constant interval := coalesce(
    pg_catalog.make_interval(mins => p_minutes), (select review_lease from private.settings));
  v_verification public.kyc_verifications;
  v_holder uuid;
begin
  v_verification := private.kyc_lock_for_decision(p_verification_id, v_staff_id, null);
  if p_assignee_id <> v_staff_id and not v_is_lead then
    raise exception 'A reviewer takes cases only for themselves.' using errcode = 'NF010';
  end if;
  if not private.kyc_is_reviewer(p_assignee_id) then
    raise exception 'This account cannot hold cases.' using errcode = 'NF001', detail = 'assignee_id';
  end if;
  if private.is_same_person(p_assignee_id, v_verification.user_id) then
    raise exception 'Nobody works on the own verification.' using errcode = 'NF010';
  end if;
  if v_verification.status <> 'in_review' then
    raise exception 'Only a case in review can be held.' using errcode = 'NF032';
  end if;
  select assignee_id into v_holder from private.kyc_cases
  where verification_id = p_verification_id and lease_expires_at > private.now() for no key update;
  if v_holder <> v_staff_id and not v_is_lead then
    raise exception 'Another reviewer holds this case.' using errcode = 'NF037';
  end if;
  perform private.kyc_hold(v_verification, p_assignee_id, v_lasts,
    case when v_holder = p_assignee_id then 'kyc.hold_renewed' else 'kyc.assigned' end);
  return private.kyc_case_summary(v_verification);
end
$$;
comment on function private.kyc_assign(uuid, uuid, integer) is
  'Gives a case to somebody. Why definer: cases are granted to nobody; the role is checked first.';
grant execute on function private.kyc_assign(uuid, uuid, integer) to authenticated;

/*
 * Gives a case back to the queue; one that nobody holds stays as it is, so the call may be repeated.
 * Returns: the case (schema AdminKycSummary).
 * May be called by: reviewer, approver, compliance_admin.
 * Raises NF010 (role, the own verification), NF020, NF037 (a reviewer, and somebody else holds it).
 */
create function private.kyc_release(p_verification_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_staff_id constant uuid := private.require_role('reviewer', 'approver', 'compliance_admin');
  v_verification public.kyc_verifications;
  v_holder uuid;
begin
  v_verification := private.kyc_lock_for_decision(p_verification_id, v_staff_id, null);
  if not private.has_role('approver', 'compliance_admin') then
    perform private.kyc_require_holder(p_verification_id);
  end if;
  v_holder := private.kyc_end_hold(p_verification_id);
  if v_holder is not null then
    perform private.audit_append(
      'kyc:' || p_verification_id, 'staff', v_staff_id::text, 'kyc.released', 'kyc_verification',
      p_verification_id::text, null, pg_catalog.jsonb_build_object(
        'attempt', v_verification.attempt, 'holder', v_holder));
  end if;
  return private.kyc_case_summary(v_verification);
end
$$;
comment on function private.kyc_release(uuid) is
  'Gives a case back. Why definer: cases are granted to nobody; the role is checked first.';
grant execute on function private.kyc_release(uuid) to authenticated;

/* Gives back what was held for too long; returns how many. A hold counts for nothing from the moment it ends. */
create function private.job_return_cases(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_lapsed record;
  v_returned integer := 0;
begin
  for v_lapsed in
    update private.kyc_cases as cases
    set assignee_id = null, lease_expires_at = null
    from (
      select lapsed.verification_id, lapsed.assignee_id from private.kyc_cases as lapsed
      where lapsed.lease_expires_at <= private.now()
      order by lapsed.lease_expires_at limit p_limit for no key update skip locked
    ) as old
    where cases.verification_id = old.verification_id
    returning old.verification_id, old.assignee_id
  loop
    perform private.audit_append(
      'kyc:' || v_lapsed.verification_id, 'scheduler', 'return_cases', 'kyc.hold_lapsed', 'kyc_verification',
      v_lapsed.verification_id::text, null, pg_catalog.jsonb_build_object('holder', v_lapsed.assignee_id));
    v_returned := v_returned + 1;
  end loop;
  return v_returned;
end
$$;
comment on function private.job_return_cases(integer) is
  'Ends lapsed holds. Why definer: cases are granted to nobody.';

insert into private.schedules (job, every, routine) values ('return_cases', '1 minute', 'job_return_cases');
