/*
 * Events of the provider: matched with an attempt, checked for order, applied by the rules.
 *
 * Touches: private.kyc_match_event, private.kyc_event_target, private.kyc_apply_event.
 * Not granted: these to any API role; 20261120092500 has the entry point.
 */

/*
 * Finds the attempt that an event is about and locks its verification: by the provider's reference, or,
 * when the event overtakes the answer to our own request, by what we called the attempt. Null if unknown.
 */
create function private.kyc_match_event(p_provider text, p_event jsonb)
returns private.kyc_attempts
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_reference constant text := p_event ->> 'provider_reference';
  v_verification_id constant uuid := private.uuid_or_null(p_event ->> 'verification_id');
  v_attempt private.kyc_attempts;
begin
  select * into v_attempt from private.kyc_attempts
  where provider = p_provider and provider_reference = v_reference;
  if not found then
    -- Whoever notes the reference of a new submission holds this lock and looks for parked events before it lets go:
    -- without it, an event could be parked behind that look and wait for the schedule.
    perform from public.kyc_verifications where verification_id = v_verification_id for update;
    select * into v_attempt from private.kyc_attempts
    where provider = p_provider and (provider_reference = v_reference
      or verification_id = v_verification_id and attempt = (p_event ->> 'attempt')::integer
        and provider_reference is null)
    order by provider_reference nulls last limit 1;
    if not found then
      return null;
    end if;
  end if;

  perform from public.kyc_verifications where verification_id = v_attempt.verification_id for update;
  if v_attempt.provider_reference is null then
    update private.kyc_attempts set provider_reference = v_reference
    where verification_id = v_attempt.verification_id and attempt = v_attempt.attempt
      and provider_reference is null;
  end if;
  -- Read again under the lock: an event that was applied meanwhile moved last_sequence.
  select * into v_attempt from private.kyc_attempts
  where verification_id = v_attempt.verification_id and attempt = v_attempt.attempt;
  return case when v_attempt.provider_reference = v_reference then v_attempt end;
end
$$;
comment on function private.kyc_match_event(text, jsonb) is
  'Matches an event with an attempt. Why definer: attempts are granted to nobody.';

/* The state that an outcome leads to: after an approval a bad one, and at grave risk a good one, is looked at by a person first. */
create function private.kyc_event_target(p_outcome text, p_status public.kyc_status, p_requires_review boolean)
returns public.kyc_status
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return case
    when p_outcome = 'monitoring_hit' then 'in_review'
    when p_status = 'approved' and p_outcome in ('rejected', 'resubmission_required') then 'in_review'
    when p_outcome = 'approved' and p_requires_review and p_status in ('submitted', 'processing') then 'in_review'
    else p_outcome
  end::public.kyc_status;
end
$$;
comment on function private.kyc_event_target(text, public.kyc_status, boolean) is
  'Maps the outcome of a provider to a state.';

/* The reason that goes with a move: of our own rules, or of those the provider gave the worst known one first. */
create function private.kyc_event_reason(
  p_event jsonb, p_to public.kyc_status, p_outcome text, p_risk_reason_code text
)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return case
    when p_to in ('processing', 'approved') then null
    when p_to = 'in_review' and p_outcome = 'approved' then coalesce(p_risk_reason_code, 'high_risk')
    else coalesce(
      (
        select reason.code
        from pg_catalog.jsonb_array_elements_text(coalesce(p_event -> 'reason_codes', '[]')) with ordinality as given (code, place)
        join private.kyc_reason_codes as reason on reason.code = given.code
        order by reason.is_user_visible, given.place
        limit 1
      ),
      case when p_to = 'in_review' then case p_outcome when 'monitoring_hit' then 'monitoring_hit' else 'provider_review' end
        else 'other' end)
  end;
end
$$;
comment on function private.kyc_event_reason(jsonb, public.kyc_status, text, text) is
  'Reason of a provider verdict. Why definer: the reasons are granted to nobody.';

/* Marks the documents that the provider did not accept: the listed ones, or the identity document. */
create function private.kyc_reject_documents(p_verification_id uuid, p_event jsonb, p_reason_code text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_listed constant jsonb := coalesce(p_event -> 'rejected_documents', '[]');
begin
  update public.kyc_documents as document
  set status = 'rejected',
      reason_code = coalesce(
        (
          select reason.user_code from private.kyc_reason_codes as reason
          join pg_catalog.jsonb_to_recordset(v_listed) as item (type text, side text, reason_code text)
            on reason.code = item.reason_code
          where item.type = document.type::text and item.side = document.side::text
          limit 1
        ),
        (select reason.user_code from private.kyc_reason_codes as reason where reason.code = p_reason_code),
        'other'),
      updated_at = private.now()
  where document.verification_id = p_verification_id
    and document.replaced_at is null
    and document.status in ('uploaded', 'accepted')
    and case
      when v_listed <> '[]' then exists (
        select from pg_catalog.jsonb_to_recordset(v_listed) as item (type text, side text)
        where item.type = document.type::text and item.side = document.side::text)
      else document.type not in ('selfie', 'proof_of_address')
    end;
end
$$;
comment on function private.kyc_reject_documents(uuid, jsonb, text) is
  'Rejects documents after a verdict. Why definer: nobody may update documents.';

/* Takes the provider's facts into attempt and case and assesses the risk, before the move that they cause. */
create function private.kyc_record_facts(p_attempt private.kyc_attempts, p_event jsonb, p_body_sha256 bytea)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_outcome constant text := p_event ->> 'outcome';
  v_score constant integer := (p_event ->> 'risk_score')::numeric::integer;
begin
  update private.kyc_attempts
  set last_sequence = greatest(last_sequence, coalesce((p_event ->> 'sequence')::bigint, 0)),
      last_event_at = (p_event ->> 'occurred_at')::timestamptz,
      outcome = case when v_outcome in ('approved', 'rejected', 'resubmission_required', 'in_review') then v_outcome else outcome end,
      outcome_reason_codes = case when v_outcome = 'processing' then outcome_reason_codes
        else array(select pg_catalog.jsonb_array_elements_text(coalesce(p_event -> 'reason_codes', '[]'))) end,
      outcome_at = case when v_outcome = 'processing' then outcome_at else (p_event ->> 'occurred_at')::timestamptz end,
      result_sha256 = case when v_outcome = 'processing' then result_sha256 else p_body_sha256 end,
      provider_risk_score = coalesce(v_score, provider_risk_score),
      checks = coalesce(nullif(p_event -> 'checks', 'null'), checks),
      -- A later message may know less; what it does not say stays.
      extracted = case when pg_catalog.jsonb_typeof(p_event -> 'extracted') = 'object' then
          (p_event -> 'extracted') || pg_catalog.jsonb_strip_nulls(coalesce(extracted, '{}'))
            || pg_catalog.jsonb_strip_nulls(p_event -> 'extracted')
        else extracted end
  where verification_id = p_attempt.verification_id and attempt = p_attempt.attempt;

  if p_event ->> 'document_expires_on' is not null then
    update private.kyc_cases set document_expires_on = (p_event ->> 'document_expires_on')::date
    where verification_id = p_attempt.verification_id;
  end if;
  if v_outcome <> 'processing' then
    perform private.risk_assess(p_attempt.verification_id, 'verdict');
  end if;
end
$$;
comment on function private.kyc_record_facts(private.kyc_attempts, jsonb, bytea) is
  'Keeps what the provider said. Why definer: attempts and cases are granted to nobody.';
