/*
 * Taking the next case from the queue.
 *
 * Touches: private.kyc_hold, private.kyc_may_claim, private.kyc_claim_next.
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
