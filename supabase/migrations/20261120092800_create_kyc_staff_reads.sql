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
    'second_approval_pending', private.kyc_pending_approval(p_verification) is not null,
    'waiting_since', private.iso(p_verification.status_changed_at),
    'due_at', private.iso(v_case.due_at), 'is_overdue', coalesce(v_case.due_at <= private.now(), false),
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

/* The pattern of like for what contains a text as it is. */
create function private.contains_pattern(p_text text)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return '%' || pg_catalog.regexp_replace(p_text, '([\\%_])', '\\\1', 'g') || '%';
end
$$;
comment on function private.contains_pattern(text) is 'Takes the meaning from the characters of a pattern.';

/*
 * The people whose name or e-mail address contains a text, and whoever has it as id; null when there are more
 * than 1000. Any word of the text leads there by the index of 20261121090700; change the expressions together.
 */
create function private.kyc_find_people(p_text text)
returns uuid[]
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_word constant text := (
    select pg_catalog.lower(word) from pg_catalog.regexp_split_to_table(p_text, '\s+') as word
    order by pg_catalog.length(word) desc limit 1);
  v_people uuid[];
begin
  -- Planned anew each time: how rare a word is decides whether the index is worth it.
  execute $query$
    select array(
      select p.user_id from public.profiles as p
      where (' ' || pg_catalog.lower(coalesce(p.first_name, '') || ' ' || coalesce(p.middle_name, '') || ' '
          || coalesce(p.last_name, '') || ' ' || coalesce(p.email, ''))) like $1
        and (pg_catalog.concat_ws(' ', p.first_name, p.middle_name, p.last_name) ilike $2 or p.email ilike $2)
      limit 1001)
  $query$
  into v_people using private.contains_pattern(v_word), private.contains_pattern(p_text);
  return case when pg_catalog.cardinality(v_people) <= 1000
    then v_people || pg_catalog.array_remove(array[private.uuid_or_null(p_text)], null) end;
end
$$;
comment on function private.kyc_find_people(text) is
  'People of a search. Why definer: staff may not read profiles.';

/*
 * The conditions that the filters of the queue put on a verification `v` and its case `c`, as SQL over $3 (the
 * filter), $5 (now), $6 (who asks) and $7 (the people of `q`). They are text so that the planner sees only
 * those that are asked for; no value of a filter gets into it.
 */
create function private.kyc_list_conditions(p_filter jsonb, p_people uuid[])
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.concat(
    case when p_filter ? 'risk_level' then ' and $3 -> ''risk_level'' ? c.risk_level::text' end,
    case when p_filter ? 'reason_code' then ' and $3 -> ''reason_code'' ? c.reason_code' end,
    case p_filter ->> 'is_overdue'
      when 'true' then ' and c.due_at <= $5' when 'false' then ' and (c.due_at <= $5) is not true' end,
    case p_filter ->> 'assignee'
      when 'none' then ' and (c.lease_expires_at > $5) is not true'
      when 'me' then ' and c.assignee_id = $6 and c.lease_expires_at > $5'
      else case when p_filter ? 'assignee'
        then ' and c.assignee_id = ($3 ->> ''assignee'')::uuid and c.lease_expires_at > $5' end
    end,
    case when p_filter ? 'created_from' then ' and v.created_at >= ($3 ->> ''created_from'')::timestamptz' end,
    case when p_filter ? 'created_to' then ' and v.created_at < ($3 ->> ''created_to'')::timestamptz' end,
    case when p_filter ? 'country' then ' and exists (select from public.addresses as a
      where a.user_id = v.user_id and a.country = $3 ->> ''country'')' end,
    case
      when p_people is not null then
        ' and (v.user_id = any ($7) or v.verification_id = private.uuid_or_null($3 ->> ''q''))'
      when p_filter ? 'q' then ' and exists (select from public.profiles as p where p.user_id = v.user_id
        and (pg_catalog.concat_ws('' '', p.first_name, p.middle_name, p.last_name)
            ilike private.contains_pattern($3 ->> ''q'')
          or p.email ilike private.contains_pattern($3 ->> ''q'')))'
    end);
end
$$;
comment on function private.kyc_list_conditions(jsonb, uuid[]) is 'Filters of the queue as SQL.';

/*
 * The queue. p_filter: {status [..], risk_level [..], reason_code [..], assignee me|none|<id>, is_overdue, country,
 * q, created_from, created_to}, each optional. p_sort: waiting_since | created_at | due_at, with a minus sign in
 * front to turn it round; only cases with a due time stand in a list by due_at.
 * p_after: {at, id} of the last entry of the page before (`cursor` of its row), null for the first page.
 * Returns rows of (item, cursor): item as in schema AdminKycSummary, the own verification never, nor that of another
 * account of the same person. Ask for one more than the page holds to know whether there is a next page.
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
  v_staff_id constant uuid := private.require_role('support', 'reviewer', 'approver', 'compliance_admin', 'auditor', 'admin');
  v_at constant text := case ltrim(p_sort, '-')
    when 'waiting_since' then 'v.status_changed_at' when 'created_at' then 'v.created_at' when 'due_at' then 'c.due_at' end;
  v_id constant text := case when v_at = 'c.due_at' then 'c.verification_id' else 'v.verification_id' end;
  v_order constant text := case when p_sort like '-%' then 'desc' else 'asc' end;
  -- Only cases in review have a due time.
  v_has_due_at constant boolean := coalesce(v_at = 'c.due_at' or p_filter ->> 'is_overdue' = 'true', false);
  v_people constant uuid[] := case when p_filter ? 'q' then private.kyc_find_people(p_filter ->> 'q') end;
begin
  if v_at is null then
    raise exception 'The list cannot be sorted so.' using errcode = 'NF001', detail = 'sort';
  end if;
  -- One index range per state, each cut to a page, then merged: the cost does not grow with the table.
  return query execute pg_catalog.format($query$
    select private.kyc_case_summary(found.verification),
      pg_catalog.jsonb_build_object('at', found.at, 'id', found.id)
    from unnest($1) as state (status)
    cross join lateral (
      select v as verification, %1$s as at, %2$s as id
      from public.kyc_verifications as v
      join private.kyc_cases as c on c.verification_id = v.verification_id
      where v.status = state.status and v.user_id <> all ($8) %5$s
        and ($2 is null or (%1$s, %2$s) %3$s (($2 ->> 'at')::timestamptz, ($2 ->> 'id')::uuid))
        %6$s
      order by %1$s %4$s, %2$s %4$s
      limit $4
    ) as found
    order by found.at %4$s, found.id %4$s
    limit $4
  $query$, v_at, v_id, case v_order when 'asc' then '>' else '<' end, v_order,
    case when v_has_due_at then 'and c.due_at is not null' end, private.kyc_list_conditions(p_filter, v_people))
  using array(
      select state from unnest(enum_range(null::public.kyc_status)) as state
      where (not p_filter ? 'status' or p_filter -> 'status' ? state::text) and (state = 'in_review' or not v_has_due_at)),
    p_after, p_filter, p_limit, private.now(), v_staff_id, v_people, private.accounts_of_person(v_staff_id);
end
$$;
comment on function private.kyc_list_cases(jsonb, text, jsonb, integer) is
  'The review queue. Why definer: cases are granted to nobody.';
grant execute on function private.kyc_list_cases(jsonb, text, jsonb, integer) to authenticated;
