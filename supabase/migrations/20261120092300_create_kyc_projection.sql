/*
 * The person's view: where the KYC stands, one verification, its timeline.
 *
 * Touches: private.kyc_projection, private.kyc_get_verification, private.kyc_timeline.
 * Not granted: to `anon` and `service_role`; each function answers about the signed-in person only.
 */

/* What the person can do next, from the state of the newest verification. */
create function private.kyc_next_action(p_status public.kyc_status, p_has_requirements boolean)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return case
    when p_status is null or p_status in ('abandoned', 'cancelled', 'expired') then 'start_verification'
    when p_status in ('draft', 'resubmission_required') then
      case when p_has_requirements then 'provide_requirements' else 'submit' end
    when p_status in ('submitted', 'processing', 'in_review') then 'wait'
    when p_status in ('rejected', 'revoked') then 'contact_support'
    else 'none'
  end;
end
$$;
comment on function private.kyc_next_action(public.kyc_status, boolean) is 'The next step of the person.';

/*
 * When the approval that counts for a person ends: that of the newest verification that was ever approved, as
 * long as it still is. A renewal that was approved replaces the approval before it for good: where staff takes
 * it back or looks at it again, the older one does not come to life. Null without one.
 */
create function private.kyc_approved_until(p_user_id uuid)
returns timestamptz
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select case when approved.status = 'approved' and approved.expires_at > private.now() then approved.expires_at end
    from public.kyc_verifications as approved
    join private.kyc_cases as cases using (verification_id)
    where approved.user_id = p_user_id and cases.approved_at is not null
    order by approved.verification_id desc limit 1
  );
end
$$;
comment on function private.kyc_approved_until(uuid) is
  'End of the approval that counts. Why definer: cases are granted to nobody.';

/*
 * Where the KYC of a person stands (schema KycProjection). A still valid approval counts, whatever
 * becomes of a renewal beside it. p_requirements: the open requirements, if the caller has them already.
 */
create function private.kyc_projection_of(p_user_id uuid, p_requirements jsonb default null)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_newest public.kyc_verifications;
  v_approved_until timestamptz;
  v_remaining integer;
  v_requirements jsonb;
begin
  select * into v_newest from public.kyc_verifications
  where user_id = p_user_id order by verification_id desc limit 1;
  if v_newest.status = 'approved' then
    v_approved_until := v_newest.expires_at;
  elsif v_newest.previous_id is not null then
    v_approved_until := private.kyc_approved_until(p_user_id);
  end if;

  v_requirements := case when v_newest.verification_id is null then '[]'
    else coalesce(p_requirements, private.kyc_requirements(v_newest)) end;
  v_remaining := case
    when v_newest.status is null or v_newest.status in ('abandoned', 'cancelled', 'expired')
      then (select max_attempts from private.settings)
    when private.kyc_is_open(v_newest.status) then v_newest.max_attempts - v_newest.attempt
    else 0
  end;
  return pg_catalog.jsonb_build_object(
    'status', case when v_approved_until > private.now() then 'approved'
      when v_newest.status = 'approved' then 'action_required'
      else coalesce(private.kyc_user_status(v_newest.status), 'not_started') end,
    'next_action', private.kyc_next_action(
      case when v_newest.status = 'approved' and v_approved_until <= private.now() then 'expired'
        else v_newest.status end,
      v_requirements <> '[]'),
    'requirements', v_requirements,
    'remaining_attempts', v_remaining,
    'can_retry', v_remaining > 0 and (v_newest.status is null
      or v_newest.status in ('draft', 'resubmission_required', 'abandoned', 'cancelled', 'expired')),
    'expires_at', private.iso(v_approved_until),
    'verification_id', v_newest.verification_id);
end
$$;
comment on function private.kyc_projection_of(uuid, jsonb) is
  'KYC state of a person. Why definer: rules and settings are granted to nobody.';

/* The KYC state of the signed-in person (schema KycProjection). Raises NF010, NF012. */
create function private.kyc_projection()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return private.kyc_projection_of(private.require_reader());
end
$$;
comment on function private.kyc_projection() is
  'Own KYC state. Why definer: rules and settings are granted to nobody.';
grant execute on function private.kyc_projection() to authenticated;

/* A verification of the signed-in person (schema Verification). Raises NF010, NF012, NF020. */
create function private.kyc_get_verification(p_verification_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_reader();
  v_verification public.kyc_verifications;
begin
  select * into v_verification from public.kyc_verifications
  where verification_id = p_verification_id and user_id = v_user_id;
  if not found then
    raise exception 'There is no such verification.' using errcode = 'NF020';
  end if;
  return private.kyc_verification_json(v_verification);
end
$$;
comment on function private.kyc_get_verification(uuid) is
  'An own verification. Why definer: rules and settings are granted to nobody.';
grant execute on function private.kyc_get_verification(uuid) to authenticated;

/*
 * What happened to a verification of the signed-in person, oldest first, after p_after_sequence, at most
 * p_limit entries: rows of (sequence, entry), entry as in schema TimelineEntry. Internal reasons are left
 * out. Ask for one more than the page holds to know whether there is a next page.
 * May be called by: a signed-in person. Raises NF010, NF012, NF020.
 */
create function private.kyc_timeline(p_verification_id uuid, p_limit integer, p_after_sequence bigint default 0)
returns table (sequence bigint, entry jsonb)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_reader();
begin
  if not exists (
    select from public.kyc_verifications where verification_id = p_verification_id and user_id = v_user_id
  ) then
    raise exception 'There is no such verification.' using errcode = 'NF020';
  end if;
  return query
  select logged.sequence, pg_catalog.jsonb_build_object(
    'at', private.iso(logged.at), 'status', logged.details::jsonb -> 'to', 'actor', logged.actor_kind,
    'attempt', logged.details::jsonb -> 'attempt', 'reason_code', reason.user_code)
  from private.audit_log as logged
  left join private.kyc_reason_codes as reason on reason.code = logged.reason_code
  where logged.stream = 'kyc:' || p_verification_id
    and logged.sequence > p_after_sequence
    and logged.action in ('kyc.created', 'kyc.transition')
  order by logged.sequence
  limit p_limit;
end
$$;
comment on function private.kyc_timeline(uuid, integer, bigint) is
  'Timeline for the owner. Why definer: the audit is granted to nobody.';
grant execute on function private.kyc_timeline(uuid, integer, bigint) to authenticated;
