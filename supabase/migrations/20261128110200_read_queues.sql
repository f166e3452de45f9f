/*
 * The two queues to and from the provider for those who run the system: what is in them, and another try.
 *
 * Touches: private.list_webhook_events, private.replay_webhook_event, private.list_outbox,
 * private.retry_outbox_message and their parts.
 * Not granted: to `anon` and `service_role`; each function asks for a role.
 */

/* Why an event was not applied, in words; null when it was. */
create function private.webhook_event_error(p_event private.webhook_inbox)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return case p_event.result
    when 'stale' then case p_event.detail
      when 'attempt' then 'A later attempt has begun.' else 'A newer event is known.' end
    when 'parked' then 'Its verification is not known yet.'
    when 'dead' then 'Its verification was not known for too long.'
    when 'conflict' then 'The state machine does not allow ' || coalesce(p_event.detail, 'it') || '.'
  end;
end
$$;
comment on function private.webhook_event_error(private.webhook_inbox) is 'Explains the result of an event.';

/* An event as in the contract (schema AdminWebhookEvent). */
create function private.webhook_event_json(p_event private.webhook_inbox)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'event_id', p_event.event_row_id, 'provider', p_event.provider, 'provider_event_id', p_event.event_id,
    'event_type', p_event.event_type, 'provider_reference', nullif(p_event.provider_reference, ''),
    'verification_id', p_event.verification_id, 'sequence', p_event.sequence, 'attempt', p_event.attempt,
    'result', p_event.result, 'error', private.webhook_event_error(p_event),
    'deliveries', p_event.delivery_count, 'mismatches', p_event.mismatch_count, 'attempts', p_event.tries,
    'next_attempt_at', private.iso(p_event.next_try_at),
    'body_sha256', pg_catalog.encode(p_event.body_sha256, 'hex'),
    'occurred_at', private.iso(p_event.occurred_at), 'received_at', private.iso(p_event.received_at));
end
$$;
comment on function private.webhook_event_json(private.webhook_inbox) is
  'An event for staff, without its body. Why definer: part of functions that have checked the role.';

/*
 * A page of the inbox. p_filter: {provider, result [..], verification_id, provider_event_id, received_from,
 * received_to}, each optional. In the order of arrival, which is the order of the ids. p_after: `position` of the
 * last row of the page before.
 * Returns rows of (item, position), item as in schema AdminWebhookEvent, never one about the caller, under whatever
 * account. Ask for one more than the page holds.
 * May be called by: compliance_admin, auditor, admin. Raises NF010.
 */
create function private.list_webhook_events(
  p_filter jsonb, p_is_descending boolean, p_limit integer, p_after uuid default null
)
returns table (item jsonb, "position" text)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_staff_id constant uuid := private.require_role('compliance_admin', 'auditor', 'admin');
  v_accounts constant uuid[] := private.accounts_of_person(v_staff_id);
  v_own constant uuid[] := array(
    select verification_id from public.kyc_verifications where user_id = any (v_accounts));
  -- An event without a known meaning is stored without its verification.
  v_references constant text[] := array(
    select provider || ' ' || provider_reference from private.kyc_attempts
    where verification_id = any (v_own) and provider_reference is not null);
begin
  return query execute
    'select private.webhook_event_json(stored), stored.event_row_id::text from private.webhook_inbox as stored'
    -- A condition is only there when it is asked for, so that each search is planned for itself.
    || pg_catalog.concat_ws(' and ',
      ' where (stored.verification_id is null or stored.verification_id <> all ($4))',
      '(stored.provider_reference is null or stored.provider || '' '' || stored.provider_reference <> all ($5))',
      case when p_filter ? 'provider' then 'stored.provider = $1 ->> ''provider''' end,
      case when p_filter ? 'result' then 'stored.result = any (private.filter_values($1, ''result''))' end,
      case when p_filter ? 'verification_id' then 'stored.verification_id = ($1 ->> ''verification_id'')::uuid' end,
      case when p_filter ? 'provider_event_id' then 'stored.event_id = $1 ->> ''provider_event_id''' end,
      case when p_filter ? 'received_from' then 'stored.received_at >= ($1 ->> ''received_from'')::timestamptz' end,
      case when p_filter ? 'received_to' then 'stored.received_at < ($1 ->> ''received_to'')::timestamptz' end,
      case when p_after is not null then
        pg_catalog.format('stored.event_row_id %s $2', case when p_is_descending then '<' else '>' end) end)
    || pg_catalog.format(' order by stored.event_row_id %s limit $3', case when p_is_descending then 'desc' else 'asc' end)
  using p_filter, p_after, p_limit, v_own, v_references;
end
$$;
comment on function private.list_webhook_events(jsonb, boolean, integer, uuid) is
  'Inbox for staff. Why definer: the inbox is granted to nobody; the role is checked first.';
grant execute on function private.list_webhook_events(jsonb, boolean, integer, uuid) to authenticated;

/*
 * Applies a stored event once more, by the rules for a new one: parked, dead, or refused by the rules as they were
 * then. One that is applied, stale or without effect stays as it is. The bytes are compared with the hash that was
 * taken when their signature had been checked. A conflict counted as the newest word of the provider; as long as it
 * still is, it may be said again.
 * Returns: AdminWebhookEvent.
 * May be called by: compliance_admin, admin. Raises NF010 (role, or the own verification), NF020 (unknown, or its body
 * is gone), NF036 (the stored body is not the one that was signed).
 */
create function private.replay_webhook_event(p_event_row_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_staff_id constant uuid := private.require_role('compliance_admin', 'admin');
  v_event private.webhook_inbox;
  v_before text;
  v_applied record;
begin
  select * into v_event from private.webhook_inbox where event_row_id = p_event_row_id for update;
  if not found or v_event.body is null then
    raise exception 'There is no such event, or its body has been deleted.' using errcode = 'NF020';
  end if;
  if exists (
    select from public.kyc_verifications as verification
    where private.is_same_person(verification.user_id, v_staff_id) and verification.verification_id in (
      select v_event.verification_id
      union all
      select verification_id from private.kyc_attempts
      where provider = v_event.provider and provider_reference = v_event.provider_reference)
  ) then
    raise exception 'Nobody works on the own verification.' using errcode = 'NF010';
  end if;
  if v_event.result not in ('parked', 'conflict', 'dead') then
    return private.webhook_event_json(v_event);
  end if;
  if pg_catalog.sha256(pg_catalog.convert_to(v_event.body, 'UTF8')) <> v_event.body_sha256 then
    raise exception 'The stored body is not the one that was signed.' using errcode = 'NF036';
  end if;
  v_before := v_event.result;
  if v_before = 'conflict' then
    perform from public.kyc_verifications where verification_id = v_event.verification_id for update;
    update private.kyc_attempts set last_sequence = v_event.sequence - 1
    where provider = v_event.provider and provider_reference = v_event.provider_reference
      and last_sequence = v_event.sequence;
  end if;

  select * into v_applied from private.kyc_apply_event(v_event.provider, v_event.event, v_event.body_sha256);
  -- Whose a parked event is, is only sure now. Everything is taken back.
  if exists (
    select from public.kyc_verifications
    where verification_id = coalesce(v_applied.verification_id, v_event.verification_id)
      and private.is_same_person(user_id, v_staff_id)
  ) then
    raise exception 'Nobody works on the own verification.' using errcode = 'NF010';
  end if;
  if v_applied.result = 'parked'
    and v_event.received_at + (select parked_ttl from private.settings) <= private.now() then
    v_applied.result := 'dead';
  end if;
  update private.webhook_inbox
  set result = v_applied.result, detail = v_applied.detail, tries = tries + 1,
      verification_id = coalesce(v_applied.verification_id, verification_id),
      next_try_at = case when v_applied.result = 'parked' then private.inbox_next_try(tries + 1) end,
      processed_at = case when v_applied.result <> 'parked' then private.now() end
  where event_row_id = p_event_row_id
  returning * into v_event;
  perform private.audit_append(
    coalesce('kyc:' || v_event.verification_id, 'provider:' || v_event.provider), 'staff', v_staff_id::text,
    'kyc.event_replayed', 'webhook_event', p_event_row_id::text, null,
    pg_catalog.jsonb_build_object('before', v_before, 'after', v_event.result));
  return private.webhook_event_json(v_event);
end
$$;
comment on function private.replay_webhook_event(uuid) is
  'Another try for an event. Why definer: the inbox is granted to nobody; the role is checked first.';
grant execute on function private.replay_webhook_event(uuid) to authenticated;

/* A message as in the contract (schema AdminOutboxMessage). */
create function private.outbox_json(p_message private.outbox)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'message_id', p_message.message_id, 'topic', p_message.topic, 'provider', p_message.provider,
    'subject_id', p_message.subject_id, 'status', p_message.status, 'attempts', p_message.attempts,
    'last_http_status', case when p_message.last_status_code between 100 and 599 then p_message.last_status_code end,
    'last_error', nullif(p_message.last_error, ''),
    'next_attempt_at', case when p_message.status = 'pending' then private.iso(p_message.next_attempt_at) end,
    'created_at', private.iso(p_message.created_at), 'finished_at', private.iso(p_message.finished_at));
end
$$;
comment on function private.outbox_json(private.outbox) is
  'A message for staff, without its payload. Why definer: part of functions that have checked the role.';

/*
 * A page of the outbox. p_filter: {topic, status [..], subject_id, created_from, created_to}, each optional. In the
 * order in which the messages were written, which is the order of their ids. p_after: as in list_webhook_events.
 * Returns rows of (item, position), item as in schema AdminOutboxMessage, never one about the caller, under whatever
 * account. Ask for one more than the page holds.
 * May be called by: compliance_admin, auditor, admin. Raises NF010.
 */
create function private.list_outbox(
  p_filter jsonb, p_is_descending boolean, p_limit integer, p_after uuid default null
)
returns table (item jsonb, "position" text)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_staff_id constant uuid := private.require_role('compliance_admin', 'auditor', 'admin');
  v_accounts constant uuid[] := private.accounts_of_person(v_staff_id);
  v_own constant uuid[] := v_accounts || array(
    select verification_id from public.kyc_verifications where user_id = any (v_accounts));
begin
  return query execute
    'select private.outbox_json(message), message.message_id::text from private.outbox as message'
    || pg_catalog.concat_ws(' and ', ' where message.subject_id <> all ($4)',
      case when p_filter ? 'topic' then 'message.topic = $1 ->> ''topic''' end,
      case when p_filter ? 'status' then 'message.status = any (private.filter_values($1, ''status''))' end,
      case when p_filter ? 'subject_id' then 'message.subject_id = ($1 ->> ''subject_id'')::uuid' end,
      case when p_filter ? 'created_from' then 'message.created_at >= ($1 ->> ''created_from'')::timestamptz' end,
      case when p_filter ? 'created_to' then 'message.created_at < ($1 ->> ''created_to'')::timestamptz' end,
      case when p_after is not null then
        pg_catalog.format('message.message_id %s $2', case when p_is_descending then '<' else '>' end) end)
    || pg_catalog.format(' order by message.message_id %s limit $3', case when p_is_descending then 'desc' else 'asc' end)
  using p_filter, p_after, p_limit, v_own;
end
$$;
comment on function private.list_outbox(jsonb, boolean, integer, uuid) is
  'Outbox for staff. Why definer: the outbox is granted to nobody; the role is checked first.';
grant execute on function private.list_outbox(jsonb, boolean, integer, uuid) to authenticated;

/*
 * Makes a dead message due again, with a new series of tries and the key that it had. Any other message stays as
 * it is: what was acknowledged is not sent again, and what waits is sent anyway, when the circuit lets it.
 * Returns: AdminOutboxMessage.
 * May be called by: compliance_admin, admin. Raises NF010 (role, or a message about the caller), NF020, NF032 (a
 * submission that its verification does not wait for any more: it went to a person when the message died).
 */
create function private.retry_outbox_message(p_message_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_staff_id constant uuid := private.require_role('compliance_admin', 'admin');
  v_message private.outbox;
  v_tries integer;
begin
  select * into v_message from private.outbox where message_id = p_message_id for update;
  if not found then
    raise exception 'There is no such message.' using errcode = 'NF020';
  end if;
  if private.is_same_person(v_message.subject_id, v_staff_id) or exists (
    select from public.kyc_verifications
    where verification_id = v_message.subject_id and private.is_same_person(user_id, v_staff_id)
  ) then
    raise exception 'Nobody works on messages about themselves.' using errcode = 'NF010';
  end if;
  if v_message.status <> 'dead' then
    return private.outbox_json(v_message);
  end if;
  if v_message.topic = 'provider.submit' and not exists (
    select from public.kyc_verifications
    where verification_id = v_message.subject_id and status in ('submitted', 'processing')
      and attempt = (v_message.payload ->> 'attempt')::integer
  ) then
    raise exception 'The verification does not wait for this message. Requeue the verification instead.'
      using errcode = 'NF032';
  end if;
  v_tries := v_message.attempts;
  update private.outbox
  -- Not the first try: the worker asks the provider before it sends again what had no answer.
  set status = 'pending', attempts = 1, lease_id = null, next_attempt_at = private.now(), finished_at = null
  where message_id = p_message_id
  returning * into v_message;
  perform private.audit_append(
    'outbox', 'staff', v_staff_id::text, 'outbox.retried', 'outbox_message', p_message_id::text, null,
    pg_catalog.jsonb_build_object('topic', v_message.topic, 'tries', v_tries));
  return private.outbox_json(v_message);
end
$$;
comment on function private.retry_outbox_message(uuid) is
  'Another series of tries for a message. Why definer: the outbox is granted to nobody; the role is checked first.';
grant execute on function private.retry_outbox_message(uuid) to authenticated;
