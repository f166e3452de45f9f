/*
 * Events that came before what they are about: tried again until it is there, or given up.
 *
 * Touches: private.kyc_retry_event, private.kyc_retry_parked.
 * Not granted: to users; only service_role, which the webhook and the worker act as.
 */

/* Tries one parked event again; returns its new result. Given up (dead) after settings.parked_ttl. */
create function private.kyc_retry_event(p_event_row_id uuid)
returns text
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_row private.webhook_inbox;
  v_applied record;
  v_result text;
begin
  select * into strict v_row from private.webhook_inbox where event_row_id = p_event_row_id for update;
  if v_row.result <> 'parked' then
    return v_row.result;
  end if;
  select * into v_applied from private.kyc_apply_event(v_row.provider, v_row.event, v_row.body_sha256);
  v_result := case
    when v_applied.result = 'parked'
      and v_row.received_at + (select parked_ttl from private.settings) <= private.now() then 'dead'
    else v_applied.result
  end;
  update private.webhook_inbox
  set result = v_result, detail = v_applied.detail, verification_id = v_applied.verification_id, tries = tries + 1,
      next_try_at = case when v_result = 'parked' then private.inbox_next_try(tries + 1) end,
      processed_at = case when v_result <> 'parked' then private.now() end
  where event_row_id = p_event_row_id;
  return v_result;
end
$$;
comment on function private.kyc_retry_event(uuid) is
  'Applies a parked event again. Why definer: the inbox is granted to nobody.';

/*
 * Tries parked events again: those that are due, or all of one reference.
 * Returns one row of (retried, applied, dead).
 * May be called by: service_role. Raises nothing.
 */
create function private.kyc_retry_parked(
  p_limit integer, p_provider text default null, p_provider_reference text default null
)
returns table (retried integer, applied integer, dead integer)
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_id uuid;
  v_result text;
begin
  retried := 0;
  applied := 0;
  dead := 0;
  for v_id in
    select parked.event_row_id from private.webhook_inbox as parked
    where parked.result = 'parked'
      and case when p_provider_reference is null then parked.next_try_at <= private.now()
        else parked.provider = p_provider and parked.provider_reference = p_provider_reference end
    order by parked.sequence nulls last, parked.event_row_id
    limit p_limit
    for update skip locked
  loop
    v_result := private.kyc_retry_event(v_id);
    retried := retried + 1;
    applied := applied + (v_result = 'applied')::integer;
    dead := dead + (v_result = 'dead')::integer;
  end loop;
  return next;
end
$$;
comment on function private.kyc_retry_parked(integer, text, text) is
  'Retries parked events. Why definer: the inbox is granted to nobody.';
grant execute on function private.kyc_retry_parked(integer, text, text) to service_role;
