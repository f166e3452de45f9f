/*
 * Taking cases from the queue and giving them back.
 *
 * Touches: private.kyc_hold, private.kyc_may_claim, private.kyc_claim_next, private.kyc_assign, private.kyc_release,
 * private.job_return_cases.
 * Not granted: to `anon` and `service_role`: a hold is a person's.
 */

/* Makes somebody the holder of a case that the caller has locked, and writes it down. */
create function private.kyc_hold(
  p_verification public.kyc_verifications, p_holder_id uuid, p_lasts interval, p_action text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  update private.kyc_cases
  set assignee_id = p_holder_id, lease_expires_at = private.now() + p_lasts
  where verification_id = p_verification.verification_id;
  perform private.audit_append(
    'kyc:' || p_verification.verification_id, 'staff', auth.uid()::text, p_action, 'kyc_verification',
    p_verification.verification_id::text, null, pg_catalog.jsonb_build_object(
      'attempt', p_verification.attempt, 'holder', p_holder_id, 'minutes', extract(epoch from p_lasts)::integer / 60));
end
$$;
comment on function private.kyc_hold(public.kyc_verifications, uuid, interval, text) is
  'Starts a hold. Why definer: cases are granted to nobody.';

/*
 * Whether the signed-in person may be handed a case: not the own one, also under another account, and not one
 * whose decision waits for a vote that this person may not cast.
 */
create function private.kyc_may_claim(p_verification public.kyc_verifications)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return not private.is_same_person(p_verification.user_id, auth.uid())
    and not exists (
      select from private.kyc_approvals as waiting
      where waiting.verification_id = p_verification.verification_id
        and waiting.outcome is null and waiting.expires_at > private.now()
        and (not private.has_role('approver', 'compliance_admin')
          or private.is_same_person(waiting.requested_by, auth.uid())));
end
$$;
comment on function private.kyc_may_claim(public.kyc_verifications) is
  'Who may be handed a case. Why definer: requests and profiles of others are granted to nobody.';

/* Takes one case for the signed-in person if it is still free and nobody is at it; returns whether it was. */
create function private.kyc_try_claim(p_verification_id uuid)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_verification public.kyc_verifications;
begin
  select * into v_verification from public.kyc_verifications
  where verification_id = p_verification_id and status = 'in_review'
  for no key update skip locked;
  if not found or not private.kyc_may_claim(v_verification) then
    return false;
  end if;
  perform from private.kyc_cases
  where verification_id = p_verification_id and (lease_expires_at is null or lease_expires_at <= private.now())
  for no key update skip locked;
  if not found then
    return false;
  end if;
  perform private.kyc_hold(v_verification, auth.uid(), (select review_lease from private.settings), 'kyc.claimed');
  return true;
end
$$;
comment on function private.kyc_try_claim(uuid) is
  'Claims one case. Why definer: cases and settings are granted to nobody.';

/*
 * The next cases in the order of the queue that nobody holds and the signed-in person may be handed, as far as
 * that can be told without locks: at most 20, due at p_from or later, without p_passed. p_filter: see
 * private.kyc_claim_next.
 */
create function private.kyc_claim_candidates(p_filter jsonb, p_from timestamptz, p_passed uuid[])
returns table (verification_id uuid, due_at timestamptz)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  -- Text, so that each filter is planned for itself: a queue of any length is read along its index.
  return query execute pg_catalog.concat($query$
    select c.verification_id, c.due_at
    from private.kyc_cases as c
    join public.kyc_verifications as v on v.verification_id = c.verification_id
    where c.due_at >= $2 and c.verification_id <> all ($3)
      and (c.lease_expires_at > $4) is not true
      and v.user_id <> auth.uid()
      and not exists (
        select from private.kyc_approvals as waiting
        where waiting.verification_id = c.verification_id and waiting.outcome is null and waiting.expires_at > $4
          and (waiting.requested_by = auth.uid() or not $5))
    $query$,
    case when p_filter ? 'risk_level' then ' and $1 -> ''risk_level'' ? c.risk_level::text' end,
    case when p_filter ? 'country' then ' and exists (select from public.addresses as a
      where a.user_id = v.user_id and a.country = any (private.filter_values($1, ''country'')))' end,
    ' order by c.due_at, c.risk_level desc nulls last, c.verification_id limit 20')
  using p_filter, p_from, p_passed, private.now(), private.has_role('approver', 'compliance_admin');
end
$$;
comment on function private.kyc_claim_candidates(jsonb, timestamptz, uuid[]) is
  'Head of the queue. Why definer: cases are granted to nobody.';

/*
 * Takes the next case for the signed-in person: what is due first, then what is riskier. p_filter: {risk_level
 * [..], country [..]}, each optional. Passed over: what somebody holds or works on at this moment, the own
 * verification, and decisions that wait for a second vote that this person may not cast.
 * Returns: the case (schema AdminKycSummary), null when there is none.
 * May be called by: reviewer, approver, compliance_admin. Raises NF010.
 */
create function private.kyc_claim_next(p_filter jsonb default '{}')
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_passed uuid[] := '{}';
  v_from timestamptz := '-infinity';
  v_candidate record;
begin
  perform private.require_role('reviewer', 'approver', 'compliance_admin');
  loop
    -- Candidates are read without locks and locked one by one: a lock on more than is taken would hide cases
    -- from others who ask at the same time.
    for v_candidate in
      select * from private.kyc_claim_candidates(p_filter, v_from, v_passed)
    loop
      if private.kyc_try_claim(v_candidate.verification_id) then
        return (
          select private.kyc_case_summary(verification) from public.kyc_verifications as verification
          where verification.verification_id = v_candidate.verification_id
        );
      end if;
      v_passed := v_passed || v_candidate.verification_id;
      v_from := v_candidate.due_at;
    end loop;
    if not found then
      return null;
    end if;
  end loop;
end
$$;
comment on function private.kyc_claim_next(jsonb) is
  'Hands out the queue. Why definer: cases are granted to nobody; the role is checked first.';
grant execute on function private.kyc_claim_next(jsonb) to authenticated;

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
