/*
 * Deliveries: claimed under a lease by workers, settled with what became of them, cleaned up by the clock.
 *
 * Touches: private.webhook_claim, private.webhook_settle, private.job_clean_webhooks.
 * Not granted: to anybody but service_role.
 */

/*
 * Takes up to p_limit due deliveries for as long as the lease of the settings. Each endpoint gets a few at a
 * time, over all workers, and one while it fails, so that none takes the places of others: its row is the
 * lock that keeps the count.
 * Returns what is to be sent; `secrets`: the keys that sign, the present one first; `attempts` counts this one.
 * May be called by: service_role. Raises nothing.
 */
create function private.webhook_claim(p_limit integer)
returns table (
  delivery_id uuid, lease_id uuid, endpoint_id uuid, message_id uuid, url text, secrets text[], body text, attempts smallint
)
language plpgsql
volatile
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := private.now();
  v_settings private.settings;
  v_endpoint private.webhook_endpoints;
  v_left integer := p_limit;
  v_taken integer;
begin
  select * into strict v_settings from private.settings;
  for v_endpoint in
    select * from private.webhook_endpoints as receiver
    where receiver.deleted_at is null and receiver.disabled_at is null
      and exists (
        select from private.webhook_deliveries as due
        where due.endpoint_id = receiver.endpoint_id and due.status = 'pending' and due.next_attempt_at <= v_now)
    order by receiver.endpoint_id
    for no key update
  loop
    -- The worker died at the last attempt too: whatever it died of, it shall not be sent for ever.
    update private.webhook_deliveries
    set status = 'failed', next_attempt_at = null, lease_id = null,
        last_error = coalesce(last_error, 'No attempt came to its end.')
    where endpoint_id = v_endpoint.endpoint_id and status = 'pending' and next_attempt_at <= v_now
      and attempts > pg_catalog.cardinality(v_settings.webhook_retry_delays);
    select case when v_endpoint.failing_since is null then v_settings.webhook_concurrency else 1 end - count(*)
    into v_taken
    from private.webhook_deliveries as busy
    where busy.endpoint_id = v_endpoint.endpoint_id and busy.status = 'pending' and busy.lease_id is not null
      and busy.next_attempt_at > v_now;
    continue when v_taken <= 0;
    return query
    with claimed as (
      update private.webhook_deliveries as delivery
      set attempts = delivery.attempts + 1,
          lease_id = pg_catalog.gen_random_uuid(),
          last_attempt_at = v_now,
          next_attempt_at = v_now + v_settings.webhook_lease
      where delivery.delivery_id in (
        select due.delivery_id from private.webhook_deliveries as due
        where due.endpoint_id = v_endpoint.endpoint_id and due.status = 'pending' and due.next_attempt_at <= v_now
        order by due.next_attempt_at, due.delivery_id
        limit least(v_taken, v_left)
        for update of due skip locked)
      returning delivery.delivery_id, delivery.lease_id, delivery.message_id, delivery.attempts
    )
    select claimed.delivery_id, claimed.lease_id, v_endpoint.endpoint_id, claimed.message_id, v_endpoint.url,
      private.webhook_secrets_of(v_endpoint.endpoint_id), message.body, claimed.attempts
    from claimed join private.webhook_messages as message on message.message_id = claimed.message_id;
    get diagnostics v_taken = row_count;
    v_left := v_left - v_taken;
    exit when v_left <= 0;
  end loop;
end
$$;
comment on function private.webhook_claim(integer) is
  'Claims due deliveries. Why definer: deliveries and secrets are granted to nobody.';
grant execute on function private.webhook_claim(integer) to service_role;

/* Disables an endpoint that does not work, and says so: in the audit, and to the other endpoints. */
create function private.webhook_disable(p_endpoint private.webhook_endpoints, p_reason text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  update private.webhook_endpoints
  set disabled_at = private.now(), disabled_reason = p_reason, version = version + 1, updated_at = private.now()
  where endpoint_id = p_endpoint.endpoint_id;
  perform private.audit_append('webhook_endpoints', 'system', 'worker', 'webhook_endpoint.disabled', 'webhook_endpoint',
    p_endpoint.endpoint_id::text, p_reason);
  perform private.webhook_emit('webhook.endpoint_disabled', p_endpoint.endpoint_id, null, pg_catalog.jsonb_build_object(
    'endpoint_id', p_endpoint.endpoint_id, 'reason', p_reason,
    'failing_since', private.iso(p_endpoint.failing_since)), p_endpoint.endpoint_id);
end
$$;
comment on function private.webhook_disable(private.webhook_endpoints, text) is
  'Disables an endpoint. Why definer: endpoints are granted to nobody.';

/* What follows from a failure for the delivery: its next attempt, or its end. Returns its status. */
create function private.webhook_plan_retry(p_delivery private.webhook_deliveries, p_retry_after_seconds integer)
returns text
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_settings private.settings;
  v_delay interval;
  v_status text;
begin
  select * into strict v_settings from private.settings;
  v_delay := v_settings.webhook_retry_delays[p_delivery.attempts]
    * (1 + pg_catalog.random() * v_settings.webhook_retry_jitter);
  update private.webhook_deliveries
  set status = case when v_delay is null then 'failed' else 'pending' end,
      next_attempt_at = private.now() + case
        when v_delay is null or p_retry_after_seconds is null then v_delay
        else greatest(v_delay, least(
          pg_catalog.make_interval(secs => p_retry_after_seconds), v_settings.webhook_longest_wait))
      end
  where delivery_id = p_delivery.delivery_id
  returning status into v_status;
  return v_status;
end
$$;
comment on function private.webhook_plan_retry(private.webhook_deliveries, integer) is
  'Plans another attempt. Why definer: deliveries are granted to nobody.';

/*
 * Notes how an attempt went. p_status_code: what the receiver answered, null for nothing; p_error: null for a
 * success; p_retry_after_seconds: what it asked for. An attempt whose lease is over, or whose endpoint was
 * deleted meanwhile, changes nothing.
 * Returns delivered, retried, failed or superseded. May be called by: service_role. Raises nothing.
 */
create function private.webhook_settle(
  p_delivery_id uuid, p_lease_id uuid, p_status_code integer, p_duration_ms integer, p_error text,
  p_retry_after_seconds integer
)
returns text
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := private.now();
  v_endpoint private.webhook_endpoints;
  v_delivery private.webhook_deliveries;
  v_status text;
begin
  -- The endpoint before its deliveries: every function takes the locks in this order.
  select * into v_endpoint from private.webhook_endpoints
  where endpoint_id = (select endpoint_id from private.webhook_deliveries where delivery_id = p_delivery_id)
  for no key update;
  update private.webhook_deliveries
  set lease_id = null, last_status_code = p_status_code, last_duration_ms = p_duration_ms,
      last_error = pg_catalog.left(p_error, 500),
      status = case when p_error is null then 'delivered' else status end,
      next_attempt_at = case when p_error is not null then v_now end
  where delivery_id = p_delivery_id and lease_id = p_lease_id and status = 'pending'
  returning * into v_delivery;
  if not found then
    return 'superseded';
  end if;
  insert into private.webhook_attempts (delivery_id, attempt, at, status_code, error, duration_ms)
  values (p_delivery_id, v_delivery.attempts, v_delivery.last_attempt_at, p_status_code, v_delivery.last_error, p_duration_ms);
  if p_error is null then
    update private.webhook_endpoints set last_delivered_at = v_now, failing_since = null
    where endpoint_id = v_endpoint.endpoint_id;
    return 'delivered';
  end if;

  v_status := private.webhook_plan_retry(v_delivery, p_retry_after_seconds);
  update private.webhook_endpoints set failing_since = coalesce(failing_since, v_now)
  where endpoint_id = v_endpoint.endpoint_id
  returning * into v_endpoint;
  if v_endpoint.disabled_at is null and v_endpoint.deleted_at is null then
    if p_status_code = 410 then
      perform private.webhook_disable(v_endpoint, 'gone');
    elsif v_endpoint.failing_since <= v_now - (select webhook_disable_after from private.settings) then
      perform private.webhook_disable(v_endpoint, 'failing');
    end if;
  end if;
  return case v_status when 'pending' then 'retried' else v_status end;
end
$$;
comment on function private.webhook_settle(uuid, uuid, integer, integer, text, integer) is
  'Notes an attempt. Why definer: deliveries are granted to nobody.';
grant execute on function private.webhook_settle(uuid, uuid, integer, integer, text, integer) to service_role;

/*
 * Removes messages whose time is over with their deliveries, also those that wait for a disabled endpoint, and
 * secrets whose overlap has ended. A redelivery keeps its message for another period.
 */
create function private.job_clean_webhooks(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_before constant timestamptz := private.now() - (select webhook_retention from private.settings);
  v_cleaned integer;
begin
  delete from private.webhook_messages
  where message_id in (
    select message.message_id from private.webhook_messages as message
    where message.created_at <= v_before
      and not exists (
        select from private.webhook_deliveries as later
        where later.message_id = message.message_id and later.created_at > v_before)
    order by message.created_at limit p_limit for update skip locked);
  get diagnostics v_cleaned = row_count;
  return v_cleaned + private.webhook_drop_secrets(array(
    select secret_id from private.webhook_secrets where expires_at <= private.now()
    limit p_limit - v_cleaned for update skip locked));
end
$$;
comment on function private.job_clean_webhooks(integer) is
  'Cleans up behind deliveries. Why definer: messages and secrets are granted to nobody.';
insert into private.schedules (job, every, routine) values ('clean_webhooks', '10 minutes', 'job_clean_webhooks');
