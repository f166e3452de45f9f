/*
 * The inbox: each verified event is stored once and applied in the same transaction.
 *
 * Touches: private.kyc_apply_event, private.kyc_ingest_event. The next file tries parked events again.
 * Not granted: to users; only service_role, which the webhook and the worker act as.
 */

/*
 * Applies an event: unknown reference → parked; sequence not newer, or an older attempt → stale; same
 * state → applied without effect; against the rules, or no room beside an open renewal (then the case is
 * flagged with the reason) → conflict; else the move is made → applied.
 */
create function private.kyc_apply_event(
  p_provider text, p_event jsonb, p_body_sha256 bytea,
  out result text, out detail text, out verification_id uuid
)
language plpgsql
volatile
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  v_outcome constant text := p_event ->> 'outcome';
  v_sequence constant bigint := (p_event ->> 'sequence')::bigint;
  v_attempt private.kyc_attempts;
  v_verification public.kyc_verifications;
  v_case private.kyc_cases;
  v_risk record;
  v_to public.kyc_status;
  v_reason text;
begin
  if v_outcome is null then
    result := 'ignored';
    return;
  end if;
  v_attempt := private.kyc_match_event(p_provider, p_event);
  if v_attempt.verification_id is null then
    result := 'parked';
    return;
  end if;
  kyc_apply_event.verification_id := v_attempt.verification_id;
  select * into strict v_verification from public.kyc_verifications as v
  where v.verification_id = v_attempt.verification_id;
  if v_sequence <= v_attempt.last_sequence then
    result := 'stale';
    detail := 'sequence';
    return;
  end if;
  if v_attempt.attempt < v_verification.attempt
    or (p_event ->> 'attempt')::integer < v_verification.attempt then
    result := 'stale';
    detail := 'attempt';
    return;
  end if;

  perform private.kyc_record_facts(v_attempt, p_event, p_body_sha256);
  if v_outcome = 'processing' and v_verification.status = 'processing' then
    -- The most frequent event of all: there is nothing to weigh.
    result := 'applied';
    detail := 'no_effect';
    return;
  end if;
  select * into strict v_case from private.kyc_cases as c where c.verification_id = v_attempt.verification_id;
  select newest.requires_review or open.reason_code is not null or private.kyc_is_for_staff(v_verification)
      as requires_review,
    case when newest.requires_review then newest.reason_code else coalesce(open.reason_code, newest.reason_code) end
      as reason_code
  into v_risk
  from private.risk_newest(v_attempt.verification_id) as newest
  -- An undecided hit is enough, whatever the rules in force make of it.
  cross join private.screening_open_reason(v_verification.user_id) as open (reason_code);
  v_to := private.kyc_event_target(v_outcome, v_verification.status, v_risk.requires_review);
  if v_to = 'approved' and v_verification.status = 'approved' and v_risk.requires_review and not exists (
    select from private.kyc_reviews as review
    where review.verification_id = v_attempt.verification_id and review.attempt = v_attempt.attempt
      and review.action = 'approve'
  ) then
    -- The provider says more than when it approved, such as what stands in the document. What staff approved stays.
    v_to := 'in_review';
  end if;
  v_reason := private.kyc_event_reason(p_event, v_to, v_outcome, v_risk.reason_code);
  if v_to = 'approved' and v_verification.status = 'in_review' and v_risk.requires_review
    and v_case.review_owner = 'provider' then
    -- At grave risk the provider's reviewer does not have the last word either.
    perform private.kyc_take_over_review(v_attempt.verification_id, coalesce(v_risk.reason_code, 'high_risk'));
    result := 'applied';
    detail := 'taken_over';
  elsif v_to = v_verification.status then
    result := 'applied';
    detail := 'no_effect';
  elsif not exists (
    select from private.kyc_transitions as rule
    where rule.from_status = v_verification.status and rule.to_status = v_to and rule.actor = 'provider'
      and (rule.from_status <> 'in_review' or v_case.review_owner = 'provider')
  ) then
    result := 'conflict';
    detail := v_verification.status || ' to ' || v_to;
  elsif v_verification.status = 'approved' and v_to = 'in_review'
    and private.kyc_flag_beside_renewal(v_verification, v_reason) then
    result := 'conflict';
    detail := 'renewal_open';
  else
    if v_to in ('resubmission_required', 'rejected') then
      perform private.kyc_reject_documents(v_attempt.verification_id, p_event, v_reason);
    end if;
    v_verification := private.kyc_transition(
      v_attempt.verification_id, v_to, 'provider', p_provider, v_reason, null, p_event ->> 'event_id');
    if v_to = 'in_review' and (p_event ->> 'review_owner' = 'internal' or v_outcome = 'approved') then
      -- The provider leaves the review to us, as with a sanctions hit, or has said all it has to say.
      update private.kyc_cases as c set review_owner = 'internal' where c.verification_id = v_attempt.verification_id;
    end if;
    if v_to = 'resubmission_required' and v_verification.attempt >= v_verification.max_attempts then
      perform private.kyc_transition(v_attempt.verification_id, 'rejected', 'scheduler', 'resubmission_limit',
        'resubmission_limit_exceeded');
    end if;
    result := 'applied';
    -- A hole in the numbers before a verdict: something was lost on the way, so ask the provider. What it
    -- says when it is asked is its newest state already.
    if v_sequence > v_attempt.last_sequence + 1 and v_outcome <> 'processing'
      and p_event ->> 'type' not like 'poll.%' then
      perform private.kyc_queue_fetch(v_attempt.verification_id, v_attempt.attempt, p_provider,
        'gap:' || v_sequence);
    end if;
  end if;
end
$$;
comment on function private.kyc_apply_event(text, jsonb, bytea) is
  'Applies an event of a provider. Why definer: nobody may write what it writes.';

/* Makes a review of the provider ours; it stays in review and waits for staff from now on. */
create function private.kyc_take_over_review(p_verification_id uuid, p_reason_code text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  update private.kyc_cases set review_owner = 'internal', reason_code = p_reason_code
  where verification_id = p_verification_id;
  perform private.audit_append(
    'kyc:' || p_verification_id, 'system', 'risk_rules', 'kyc.review_taken_over', 'kyc_verification',
    p_verification_id::text, p_reason_code);
end
$$;
comment on function private.kyc_take_over_review(uuid, text) is
  'Takes a review over from the provider. Why definer: cases are granted to nobody.';

/* Queues a question to the provider about an attempt; once per p_cause. */
create function private.kyc_queue_fetch(p_verification_id uuid, p_attempt integer, p_provider text, p_cause text)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  insert into private.outbox (topic, subject_id, provider, idempotency_key, payload, next_attempt_at, created_at)
  values ('provider.fetch', p_verification_id, p_provider,
    'fetch:' || p_verification_id || ':' || p_attempt || ':' || p_cause,
    pg_catalog.jsonb_build_object('attempt', p_attempt), private.now(), private.now())
  on conflict (idempotency_key) do nothing;
  return found;
end
$$;
comment on function private.kyc_queue_fetch(uuid, integer, text, text) is
  'Queues a fetch. Why definer: the outbox is granted to nobody.';

/* When a parked event is tried next: 10 s, doubled each time, at most an hour. */
create function private.inbox_next_try(p_tries integer)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return private.now() + least(interval '1 hour', interval '10 seconds' * pg_catalog.power(2, least(p_tries, 12) - 1));
end
$$;
comment on function private.inbox_next_try(integer) is 'Back-off of parked events.';

/*
 * Takes in a verified event. p_body is the signed text, byte for byte. p_event says the same in our words:
 *   event_id, type, occurred_at (required); provider_reference; verification_id (what the provider echoes as
 *   ours); attempt; sequence; outcome: processing | approved | rejected | resubmission_required | in_review |
 *   monitoring_hit | null for types without effect; review_owner provider | internal: who reviews when it
 *   comes to that (default provider); reason_codes [code]; rejected_documents [{type, side,
 *   reason_code}]; document_expires_on; risk_score 0-100; checks [{name, result, score}]; extracted {…}.
 * Returns: {result: applied | duplicate | stale | parked | conflict | ignored | payload_mismatch,
 * verification_id}. payload_mismatch (same id, other bytes) is kept as an alert: commit, then answer 409.
 * May be called by: service_role. Raises nothing of its own: every event is kept.
 */
create function private.kyc_ingest_event(p_provider text, p_event jsonb, p_body text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_event_id constant text := p_event ->> 'event_id';
  v_sha256 constant bytea := pg_catalog.sha256(pg_catalog.convert_to(p_body, 'UTF8'));
  v_known private.webhook_inbox;
  v_applied record;
begin
  -- Deliveries of one event queue here; the unique key stands behind it.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(p_provider || ' ' || v_event_id, 20261121));
  select * into v_known from private.webhook_inbox where provider = p_provider and event_id = v_event_id;

  if v_known.event_row_id is null then
    select * into v_applied from private.kyc_apply_event(p_provider, p_event, v_sha256);
    insert into private.webhook_inbox (
      provider, event_id, event_type, provider_reference, verification_id, attempt, sequence, occurred_at,
      event, body, body_sha256, result, detail, next_try_at, received_at, processed_at)
    values (
      p_provider, v_event_id, p_event ->> 'type', p_event ->> 'provider_reference', v_applied.verification_id,
      (p_event ->> 'attempt')::integer, (p_event ->> 'sequence')::bigint, (p_event ->> 'occurred_at')::timestamptz,
      p_event, p_body, v_sha256, v_applied.result, v_applied.detail,
      case when v_applied.result = 'parked' then private.inbox_next_try(1) end, private.now(),
      case when v_applied.result <> 'parked' then private.now() end);
    return pg_catalog.jsonb_build_object('result', v_applied.result, 'verification_id', v_applied.verification_id);
  end if;

  if v_known.body_sha256 <> v_sha256 then
    update private.webhook_inbox set mismatch_count = mismatch_count + 1 where event_row_id = v_known.event_row_id;
    perform private.audit_append(
      'provider:' || p_provider, 'provider', p_provider, 'kyc.event_mismatch', 'webhook_event',
      v_known.event_row_id::text, null, pg_catalog.jsonb_build_object('sha256', pg_catalog.encode(v_sha256, 'hex')));
    return pg_catalog.jsonb_build_object('result', 'payload_mismatch', 'verification_id', v_known.verification_id);
  end if;
  update private.webhook_inbox set delivery_count = delivery_count + 1 where event_row_id = v_known.event_row_id;
  if v_known.result = 'parked' then
    return pg_catalog.jsonb_build_object(
      'result', private.kyc_retry_event(v_known.event_row_id), 'verification_id', v_known.verification_id);
  end if;
  return pg_catalog.jsonb_build_object('result', 'duplicate', 'verification_id', v_known.verification_id);
end
$$;
comment on function private.kyc_ingest_event(text, jsonb, text) is
  'Takes in a provider event. Why definer: the inbox and all it leads to are granted to nobody.';
grant execute on function private.kyc_ingest_event(text, jsonb, text) to service_role;
