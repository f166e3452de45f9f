/*
 * The one writer of status.
 *
 * Touches: private.kyc_transition.
 * Not granted: the function to any API role; the functions for users, provider, staff and schedules call it.
 */

/* When an approval that is given now ends: the document's date or the term of the risk level. */
create function private.kyc_approval_end(p_risk_level public.risk_level, p_document_expires_on date)
returns timestamptz
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select least(
      p_document_expires_on::timestamp at time zone 'UTC',
      private.now() + case coalesce(p_risk_level, 'low')
        when 'low' then settings.approval_ttl_low
        when 'medium' then settings.approval_ttl_medium
        else settings.approval_ttl_high
      end
    )
    from private.settings as settings
  );
end
$$;
comment on function private.kyc_approval_end(public.risk_level, date) is
  'End of an approval given now. Why definer: the settings are granted to nobody.';
grant execute on function private.kyc_approval_end(public.risk_level, date) to nff_engine;

/* The row of the state machine for a move, or NF032; what the move needs besides is checked here too. */
create function private.kyc_check_transition(
  p_from public.kyc_status, p_to public.kyc_status, p_actor public.kyc_actor, p_reason_code text,
  p_review_owner text
)
returns private.kyc_transitions
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_rule private.kyc_transitions;
begin
  select * into v_rule from private.kyc_transitions
  where from_status = p_from and to_status = p_to and actor = p_actor;
  if not found then
    raise exception 'A verification that is % cannot become % by %.', p_from, p_to, p_actor
      using errcode = 'NF032',
      detail = pg_catalog.jsonb_build_object('from', p_from, 'to', p_to, 'actor', p_actor)::text;
  end if;
  if p_from = 'in_review' and p_actor = 'provider' and p_review_owner is distinct from 'provider' then
    raise exception 'Our staff reviews this verification; the provider has no say now.' using errcode = 'NF032',
      detail = pg_catalog.jsonb_build_object('from', p_from, 'to', p_to, 'actor', p_actor)::text;
  end if;
  if v_rule.is_reason_required and p_reason_code is null then
    raise exception 'This step needs a reason code.' using errcode = 'NF064';
  end if;
  return v_rule;
end
$$;
comment on function private.kyc_check_transition(public.kyc_status, public.kyc_status, public.kyc_actor, text, text) is
  'Finds the rule for a move or refuses it.';
grant execute on function private.kyc_check_transition(public.kyc_status, public.kyc_status, public.kyc_actor, text, text)
  to nff_engine;

/*
 * Refuses a move that needs two people unless two have agreed to exactly this move in this transaction: the
 * request, made by one and confirmed by the other, is looked up, so that a caller cannot just name a second.
 * p_four_eyes: of the rule. Raises NF013.
 */
create function private.kyc_check_four_eyes(
  p_four_eyes text, p_verification public.kyc_verifications, p_to public.kyc_status, p_actor_id text,
  p_second_actor_id text
)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  if p_second_actor_id is null and not private.kyc_needs_two(p_four_eyes, p_verification, p_to) then
    return;
  end if;
  if p_second_actor_id = p_actor_id then
    raise exception 'The second approval must come from another person.' using errcode = 'NF013';
  end if;
  if not exists (
    select from private.kyc_approvals
    where verification_id = p_verification.verification_id and version = p_verification.version
      and to_status = p_to and outcome = 'confirmed' and closed_at = private.now()
      and requested_by::text = p_actor_id and voter_id::text = p_second_actor_id
  ) then
    raise exception 'This decision needs a second person.' using errcode = 'NF013';
  end if;
end
$$;
comment on function private.kyc_check_four_eyes(text, public.kyc_verifications, public.kyc_status, text, text) is
  'Four-eyes rule. Why definer: requests are granted to nobody.';
grant execute on function private.kyc_check_four_eyes(text, public.kyc_verifications, public.kyc_status, text, text)
  to nff_engine;

/* Messages to the provider that follow from a move; part of kyc_transition. */
create function private.kyc_queue_messages(p_verification public.kyc_verifications, p_from public.kyc_status, p_provider text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_now constant timestamptz := private.now();
begin
  if p_verification.status = 'submitted' then
    insert into private.outbox (topic, subject_id, provider, idempotency_key, payload, next_attempt_at, created_at)
    values ('provider.submit', p_verification.verification_id, p_provider,
      'submit:' || p_verification.verification_id || ':' || p_verification.version,
      pg_catalog.jsonb_build_object('attempt', p_verification.attempt), v_now, v_now);
  elsif p_from in ('submitted', 'processing') then
    -- What was not sent yet need not be sent any more.
    update private.outbox set status = 'cancelled', finished_at = v_now
    where subject_id = p_verification.verification_id and topic = 'provider.submit' and status = 'pending'
      and p_verification.status in ('cancelled', 'in_review');
    if p_verification.status = 'cancelled' then
      insert into private.outbox (topic, subject_id, provider, idempotency_key, payload, next_attempt_at, created_at)
      values ('provider.cancel', p_verification.verification_id, p_provider,
        'cancel:' || p_verification.verification_id || ':' || p_verification.version,
        pg_catalog.jsonb_build_object('attempt', p_verification.attempt), v_now, v_now);
    end if;
  end if;
end
$$;
comment on function private.kyc_queue_messages(public.kyc_verifications, public.kyc_status, text) is
  'Outbox rows that a move asks for.';
grant execute on function private.kyc_queue_messages(public.kyc_verifications, public.kyc_status, text) to nff_engine;

/*
 * Moves a verification: locks it, checks the rules, writes status, audit and outbox in one transaction.
 * p_expected_version: the version that the caller has seen, null for none. p_actor_id: id of the person,
 * or the name of provider or job. p_event_reference: the provider's event behind it.
 * May be called by: the functions of this schema.
 * Raises NF020 (unknown), NF050 (version), NF032 (not allowed), NF064 (reason missing), NF001 (unknown
 * reason), NF013 (second person), NF034 (no attempt left), NF031 (another one is open; detail = its
 * id), NF047 (hits are not decided).
 */
create function private.kyc_transition(
  p_verification_id uuid, p_to public.kyc_status, p_actor public.kyc_actor, p_actor_id text,
  p_reason_code text default null, p_expected_version integer default null,
  p_event_reference text default null, p_second_actor_id text default null
)
returns public.kyc_verifications
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := private.now();
  v_old public.kyc_verifications;
  v_new public.kyc_verifications;
  v_case private.kyc_cases;
  v_rule private.kyc_transitions;
  v_settings private.settings;
  v_user_reason public.kyc_user_reason_code;
begin
  select * into v_old from public.kyc_verifications where verification_id = p_verification_id for update;
  if not found then
    raise exception 'There is no such verification.' using errcode = 'NF020';
  end if;
  if v_old.version <> p_expected_version then
    raise exception 'The verification has changed.' using errcode = 'NF050';
  end if;
  select * into strict v_case from private.kyc_cases where verification_id = p_verification_id for update;
  select * into strict v_settings from private.settings;
  v_rule := private.kyc_check_transition(v_old.status, p_to, p_actor, p_reason_code, v_case.review_owner);
  if p_actor = 'staff' and p_to = 'approved' then
    perform private.kyc_require_screening_decided(p_verification_id);
  end if;
  perform private.kyc_check_four_eyes(v_rule.four_eyes, v_old, p_to, p_actor_id, p_second_actor_id);
  if p_actor = 'user' and p_to = 'submitted' and v_old.attempt >= v_old.max_attempts then
    raise exception 'No attempts are left.' using errcode = 'NF034';
  end if;
  if private.kyc_is_open(p_to) and not private.kyc_is_open(v_old.status) and exists (
    select from public.kyc_verifications where user_id = v_old.user_id and private.kyc_is_open(status)
  ) then
    raise exception 'Another verification of the person is open.' using errcode = 'NF031', detail = (
      select verification_id::text from public.kyc_verifications
      where user_id = v_old.user_id and private.kyc_is_open(status));
  end if;
  if p_reason_code is not null then
    select user_code into v_user_reason from private.kyc_reason_codes where code = p_reason_code;
    if not found then
      raise exception 'There is no such reason code.' using errcode = 'NF001', detail = 'reason_code';
    end if;
  end if;

  update public.kyc_verifications
  set status = p_to,
      status_changed_at = v_now,
      updated_at = v_now,
      version = version + 1,
      reason_code = v_user_reason,
      attempt = attempt + case when p_actor = 'user' and p_to = 'submitted' then 1 else 0 end,
      submitted_at = case when p_to = 'submitted' then v_now else submitted_at end,
      decided_at = case when p_to in ('approved', 'rejected') then v_now else decided_at end,
      deadline_at = case when p_to = 'resubmission_required' then v_now + v_settings.resubmission_ttl end,
      expires_at = case p_to
        when 'approved' then private.kyc_approval_end(v_case.risk_level, v_case.document_expires_on)
        when 'expired' then expires_at
      end
  where verification_id = p_verification_id
  returning * into v_new;

  update private.kyc_cases
  set reason_code = p_reason_code,
      review_owner = case
        when p_to <> 'in_review' then null
        when p_actor = 'provider' and v_old.status in ('submitted', 'processing')
          and p_reason_code is distinct from 'high_risk' then 'provider'
        else 'internal'
      end,
      assignee_id = null,
      lease_expires_at = null,
      approved_at = case when p_to = 'approved' then v_now else approved_at end,
      purge_after = case when not private.kyc_is_open(p_to) then v_now + v_settings.document_retention end
  where verification_id = p_verification_id;

  if p_to in ('approved', 'resubmission_required') then
    -- What a request for new documents does not name has been accepted and need not come again.
    update public.kyc_documents set status = 'accepted', updated_at = v_now
    where verification_id = p_verification_id and status = 'uploaded' and replaced_at is null;
  end if;

  perform private.kyc_queue_messages(v_new, v_old.status, v_case.provider);
  perform private.audit_append(
    'kyc:' || p_verification_id, p_actor::text, p_actor_id, 'kyc.transition', 'kyc_verification',
    p_verification_id::text, p_reason_code,
    pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
      'from', v_old.status, 'to', p_to, 'attempt', v_new.attempt, 'version', v_new.version,
      'event', p_event_reference, 'second_actor', p_second_actor_id)));
  return v_new;
end
$$;
comment on function private.kyc_transition(uuid, public.kyc_status, public.kyc_actor, text, text, integer, text, text) is
  'Moves a verification. Why definer: runs as nff_engine, the only role that may write status.';
