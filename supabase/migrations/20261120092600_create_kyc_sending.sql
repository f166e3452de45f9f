/*
 * What becomes of a message that a worker has claimed: it arrived, or it did not.
 *
 * Touches: private.outbox_sent, private.outbox_failed, private.kyc_provider_accepted, private.kyc_provider_gave_up.
 * Not granted: to users; only service_role, which the worker acts as.
 */

/*
 * Notes that a message arrived. For a lease that another worker has taken over since, it counts as well:
 * the receiver has it. Returns whether the message was still open.
 * May be called by: service_role. Raises nothing.
 */
create function private.outbox_sent(p_message_id uuid, p_status_code integer default null)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_message private.outbox;
begin
  update private.outbox
  set status = 'sent', finished_at = private.now(), last_status_code = p_status_code, last_error = null
  where message_id = p_message_id and status = 'pending'
  returning * into v_message;
  if not found then
    return false;
  end if;
  if v_message.provider is not null then
    perform private.circuit_success(v_message.provider);
  end if;
  if v_message.topic = 'storage.remove' then
    update public.kyc_documents set purged_at = private.now(), updated_at = private.now()
    where verification_id = v_message.subject_id and purged_at is null
      and storage_path in (select pg_catalog.jsonb_array_elements_text(v_message.payload -> 'paths'));
    -- Where a person took one document back, the others are still there.
    update private.kyc_cases as done set purged_at = private.now()
    where done.verification_id = v_message.subject_id and done.purge_after is not null
      and not exists (
        select from public.kyc_documents as document
        where document.verification_id = done.verification_id and document.purged_at is null);
  end if;
  return true;
end
$$;
comment on function private.outbox_sent(uuid, integer) is
  'Acknowledges a message. Why definer: the outbox is granted to nobody.';
grant execute on function private.outbox_sent(uuid, integer) to service_role;

/*
 * Notes that the provider took a submission (2xx): keeps its reference, moves submitted → processing
 * unless a verdict came first, and applies events that were waiting for the reference.
 * Returns: {verification_id, attempt, status, was_open}.
 * May be called by: service_role. Raises NF020 for an unknown message.
 */
create function private.kyc_provider_accepted(p_message_id uuid, p_provider_reference text, p_status_code integer)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_message private.outbox;
  v_verification public.kyc_verifications;
  v_attempt integer;
  v_was_open boolean;
begin
  select * into v_message from private.outbox where message_id = p_message_id and topic = 'provider.submit';
  if not found then
    raise exception 'There is no such submission.' using errcode = 'NF020';
  end if;
  v_attempt := (v_message.payload ->> 'attempt')::integer;
  select * into strict v_verification from public.kyc_verifications
  where verification_id = v_message.subject_id for update;
  v_was_open := private.outbox_sent(p_message_id, p_status_code);

  update private.kyc_attempts
  set accepted_at = coalesce(accepted_at, private.now()),
      last_sequence = case when provider_reference <> p_provider_reference then 0 else last_sequence end,
      provider_reference = p_provider_reference
  where verification_id = v_message.subject_id and attempt = v_attempt
    and (accepted_at is null or provider_reference is distinct from p_provider_reference);
  if v_verification.status = 'submitted' and v_verification.attempt = v_attempt then
    v_verification := private.kyc_transition(v_message.subject_id, 'processing', 'system', 'outbox');
  end if;
  perform private.kyc_retry_parked(20, v_message.provider, p_provider_reference);
  return pg_catalog.jsonb_build_object(
    'verification_id', v_message.subject_id, 'attempt', v_attempt, 'was_open', v_was_open,
    'status', (select status from public.kyc_verifications where verification_id = v_message.subject_id));
end
$$;
comment on function private.kyc_provider_accepted(uuid, text, integer) is
  'A submission arrived. Why definer: attempts and the outbox are granted to nobody.';
grant execute on function private.kyc_provider_accepted(uuid, text, integer) to service_role;

/*
 * A submission will not reach the provider: a person looks at it. Part of outbox_failed; does nothing
 * when the verification has moved on. Returns whether it moved.
 */
create function private.kyc_provider_gave_up(p_verification_id uuid, p_attempt integer, p_reason_code text)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_verification public.kyc_verifications;
begin
  select * into v_verification from public.kyc_verifications where verification_id = p_verification_id for update;
  if v_verification.status is distinct from 'submitted' or v_verification.attempt <> p_attempt then
    return false;
  end if;
  update private.kyc_attempts set outcome = 'error', outcome_at = private.now()
  where verification_id = p_verification_id and attempt = p_attempt;
  perform private.kyc_transition(p_verification_id, 'in_review', 'system', 'outbox', p_reason_code);
  return true;
end
$$;
comment on function private.kyc_provider_gave_up(uuid, integer, text) is
  'Hands a submission that cannot be sent to staff. Why definer: nobody may write status.';

/* Whether a failure is worth another try: no answer at all, 408, 425, 429 or a server error. */
create function private.outbox_is_retryable(p_status_code integer)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return p_status_code is null or p_status_code in (408, 425, 429) or p_status_code >= 500
    -- An answer that is no answer: 2xx and 3xx that the adapter could not read.
    or p_status_code between 100 and 399;
end
$$;
comment on function private.outbox_is_retryable(integer) is 'Which failures are tried again.';

/*
 * Notes that a message did not arrive. p_status_code: null for no answer (network, timeout);
 * p_retry_after_seconds: what the receiver asked for. Tried again after the delays of the settings, give
 * or take the jitter, or given up; a submission that is given up goes to staff.
 * Returns: {status: pending | dead | superseded (another worker holds it, or it is done), next_attempt_at}.
 * May be called by: service_role. Raises nothing.
 */
create function private.outbox_failed(
  p_message_id uuid, p_lease_id uuid, p_status_code integer, p_error text,
  p_retry_after_seconds integer default null
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_settings private.settings;
  v_message private.outbox;
  v_delay interval;
begin
  select * into strict v_settings from private.settings;
  select * into v_message from private.outbox
  where message_id = p_message_id and lease_id = p_lease_id and status = 'pending';
  if not found then
    return pg_catalog.jsonb_build_object('status', 'superseded', 'next_attempt_at', null);
  end if;
  if v_message.topic = 'provider.submit' then
    -- The verification before the message: every function takes the locks in this order.
    perform from public.kyc_verifications where verification_id = v_message.subject_id for update;
  end if;

  if private.outbox_is_retryable(p_status_code) then
    v_delay := v_settings.outbox_retry_delays[v_message.attempts]
      * (1 + v_settings.outbox_retry_jitter * (2 * pg_catalog.random() - 1));
  end if;
  update private.outbox
  set status = case when v_delay is null then 'dead' else 'pending' end,
      lease_id = null,
      next_attempt_at = private.now()
        + greatest(v_delay, case when p_retry_after_seconds is not null
          then pg_catalog.make_interval(secs => least(p_retry_after_seconds, 86400)) end, '0 seconds'),
      last_status_code = p_status_code,
      last_error = pg_catalog.left(p_error, 500),
      finished_at = case when v_delay is null then private.now() end
  where message_id = p_message_id and lease_id = p_lease_id and status = 'pending'
  returning * into v_message;
  if not found then
    return pg_catalog.jsonb_build_object('status', 'superseded', 'next_attempt_at', null);
  end if;

  if v_message.provider is not null and (p_status_code is null or p_status_code >= 500) then
    perform private.circuit_failure(v_message.provider, p_error);
  end if;
  if v_message.status = 'dead' and v_message.topic = 'provider.submit' then
    perform private.kyc_provider_gave_up(
      v_message.subject_id, (v_message.payload ->> 'attempt')::integer,
      case when private.outbox_is_retryable(p_status_code) then 'provider_unavailable' else 'provider_bad_request' end);
  end if;
  return pg_catalog.jsonb_build_object(
    'status', v_message.status,
    'next_attempt_at', case when v_message.status = 'pending' then private.iso(v_message.next_attempt_at) end);
end
$$;
comment on function private.outbox_failed(uuid, uuid, integer, text, integer) is
  'Counts a failed try. Why definer: the outbox is granted to nobody.';
grant execute on function private.outbox_failed(uuid, uuid, integer, text, integer) to service_role;
