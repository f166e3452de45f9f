/*
 * What staff reads: the queue and one case.
 *
 * Touches: private.kyc_list_cases, private.kyc_case_summary, private.kyc_case.
 * Not granted: to `anon` and `service_role`; each function checks the role of the signed-in person.
 */

/* When a case in review should be decided, by its risk. */
create function private.kyc_due_at(p_since timestamptz, p_risk_level public.risk_level)
returns timestamptz
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select p_since + case coalesce(p_risk_level, 'low')
      when 'low' then settings.review_target_low
      when 'medium' then settings.review_target_medium
      when 'high' then settings.review_target_high
      else settings.review_target_critical
    end
    from private.settings as settings
  );
end
$$;
comment on function private.kyc_due_at(timestamptz, public.risk_level) is
  'Target time of a review. Why definer: the settings are granted to nobody.';

/* One verification as the queue shows it (schema AdminKycSummary). */
create function private.kyc_case_summary(p_verification public.kyc_verifications)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_case private.kyc_cases;
  v_profile public.profiles;
  v_is_held boolean;
begin
  select * into strict v_case from private.kyc_cases where verification_id = p_verification.verification_id;
  select * into strict v_profile from public.profiles where user_id = p_verification.user_id;
  v_is_held := coalesce(v_case.lease_expires_at > private.now(), false);
  return pg_catalog.jsonb_build_object(
    'verification_id', p_verification.verification_id, 'user_id', p_verification.user_id,
    'first_name', v_profile.first_name, 'last_name', v_profile.last_name,
    'country', (select country from public.addresses where user_id = p_verification.user_id),
    'status', p_verification.status, 'version', p_verification.version,
    'attempt', p_verification.attempt, 'max_attempts', p_verification.max_attempts,
    'internal_reason_code', v_case.reason_code, 'risk_level', v_case.risk_level,
    'flags', v_case.flags, 'review_owner', v_case.review_owner,
    'assignee_id', case when v_is_held then v_case.assignee_id end,
    'lease_expires_at', case when v_is_held then private.iso(v_case.lease_expires_at) end,
    'second_approval_pending', false,
    'waiting_since', private.iso(p_verification.status_changed_at),
    'due_at', case when p_verification.status = 'in_review'
      then private.iso(private.kyc_due_at(p_verification.status_changed_at, v_case.risk_level)) end,
    'created_at', private.iso(p_verification.created_at),
    'submitted_at', private.iso(p_verification.submitted_at),
    'expires_at', private.iso(p_verification.expires_at),
    'last_approved_at', (
      select private.iso(max(cases.approved_at))
      from public.kyc_verifications as own
      join private.kyc_cases as cases using (verification_id)
      where own.user_id = p_verification.user_id));
end
$$;
comment on function private.kyc_case_summary(public.kyc_verifications) is
  'Summary of a case. Why definer: cases are granted to nobody.';

/* Whether a verification passes the filters of the queue that its own columns cannot answer. */
create function private.kyc_case_matches(p_verification public.kyc_verifications, p_filter jsonb)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_assignee constant text := p_filter ->> 'assignee';
  v_pattern constant text := '%' || pg_catalog.regexp_replace(p_filter ->> 'q', '([\\%_])', '\\\1', 'g') || '%';
  v_case private.kyc_cases;
  v_holder uuid;
begin
  select * into strict v_case from private.kyc_cases where verification_id = p_verification.verification_id;
  v_holder := case when v_case.lease_expires_at > private.now() then v_case.assignee_id end;
  return coalesce(p_filter -> 'risk_level' ? v_case.risk_level::text, not p_filter ? 'risk_level')
    and coalesce(p_filter -> 'reason_code' ? v_case.reason_code, not p_filter ? 'reason_code')
    and case v_assignee
      when 'none' then v_holder is null
      when 'me' then v_holder = auth.uid()
      else v_assignee is null or v_holder::text = v_assignee
    end is true
    and (not p_filter ? 'country' or exists (
      select from public.addresses
      where user_id = p_verification.user_id and country = p_filter ->> 'country'))
    and (not p_filter ? 'q'
      or p_filter ->> 'q' in (p_verification.verification_id::text, p_verification.user_id::text)
      or exists (
        select from public.profiles as profile
        where profile.user_id = p_verification.user_id
          and (pg_catalog.concat_ws(' ', profile.first_name, profile.middle_name, profile.last_name) ilike v_pattern
            or profile.email ilike v_pattern)));
end
$$;
comment on function private.kyc_case_matches(public.kyc_verifications, jsonb) is
  'Filters of the queue. Why definer: cases are granted to nobody.';

/*
 * The queue. p_filter: {status [..], risk_level [..], reason_code [..], assignee me|none|<id>, country, q,
 * created_from, created_to}, each optional. p_sort: waiting_since | -waiting_since | created_at | -created_at.
 * p_after: {at, id} of the last entry of the page before (`cursor` of its row), null for the first page.
 * Returns rows of (item, cursor): item as in schema AdminKycSummary. Ask for one more than the page holds
 * to know whether there is a next page.
 * May be called by: staff with any role. Raises NF010, NF001 (sort).
 */
create function private.kyc_list_cases(p_filter jsonb, p_sort text, p_after jsonb, p_limit integer)
returns table (item jsonb, cursor jsonb)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_by constant text := case ltrim(p_sort, '-')
    when 'waiting_since' then 'status_changed_at' when 'created_at' then 'created_at' end;
  v_is_descending constant boolean := p_sort like '-%';
  v_statuses constant public.kyc_status[] := case when p_filter ? 'status'
    then array(select distinct chosen::public.kyc_status from pg_catalog.jsonb_array_elements_text(p_filter -> 'status') as chosen)
    else enum_range(null::public.kyc_status) end;
begin
  perform private.require_role('support', 'reviewer', 'approver', 'compliance_admin', 'auditor', 'admin');
  if v_by is null then
    raise exception 'The list cannot be sorted so.' using errcode = 'NF001', detail = 'sort';
  end if;
  -- One index range per state, each cut to a page, then merged: the cost does not grow with the table.
  return query execute pg_catalog.format($query$
    select private.kyc_case_summary(found.verification),
      pg_catalog.jsonb_build_object('at', (found.verification).%1$I, 'id', (found.verification).verification_id)
    from unnest($1) as state (status)
    cross join lateral (
      select v as verification, v.%1$I as at, v.verification_id as id
      from public.kyc_verifications as v
      where v.status = state.status
        and ($2 is null or (v.%1$I, v.verification_id) %2$s (($2 ->> 'at')::timestamptz, ($2 ->> 'id')::uuid))
        and ($3 ->> 'created_from' is null or v.created_at >= ($3 ->> 'created_from')::timestamptz)
        and ($3 ->> 'created_to' is null or v.created_at < ($3 ->> 'created_to')::timestamptz)
        and ($4 or private.kyc_case_matches(v, $3))
      order by v.%1$I %3$s, v.verification_id %3$s
      limit $5
    ) as found
    order by found.at %3$s, found.id %3$s
    limit $5
  $query$, v_by, case when v_is_descending then '<' else '>' end, case when v_is_descending then 'desc' else 'asc' end)
  using v_statuses, p_after, p_filter, not p_filter ?| array['risk_level', 'reason_code', 'assignee', 'country', 'q'],
    p_limit;
end
$$;
comment on function private.kyc_list_cases(jsonb, text, jsonb, integer) is
  'The review queue. Why definer: cases are granted to nobody.';
grant execute on function private.kyc_list_cases(jsonb, text, jsonb, integer) to authenticated;
