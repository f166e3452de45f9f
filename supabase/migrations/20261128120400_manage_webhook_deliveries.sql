/*
 * What administrators see of endpoints and deliveries, and sending again.
 *
 * Touches: the functions of the operations admin.listWebhookEndpoints, admin.listWebhookDeliveries,
 * admin.redeliverWebhook(s).
 * Not granted: to `anon` and `service_role`.
 */

/*
 * The endpoints, by age. p_sort: created_at or -created_at. p_after: {at, id}, the `cursor` of the last row of the
 * page before. Returns rows of (item, cursor), item as in schema AdminWebhookEndpoint; what stands in the query of a
 * URL, often a key of the receiver, is for administrators only.
 * May be called by: an auditor or administrator. Raises NF010.
 */
create function private.list_webhook_endpoints(p_sort text, p_after jsonb, p_limit integer)
returns table (item jsonb, cursor jsonb)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_is_descending constant boolean := p_sort like '-%';
  v_is_admin boolean;
begin
  perform private.require_role('auditor', 'admin');
  v_is_admin := private.has_role('admin');
  return query execute pg_catalog.format($query$
    select private.webhook_endpoint_json(e) || case when $3 then '{}'
        else pg_catalog.jsonb_build_object('url', pg_catalog.regexp_replace(e.url, '\?.+', '?***')) end,
      pg_catalog.jsonb_build_object('at', e.created_at, 'id', e.endpoint_id)
    from private.webhook_endpoints as e
    where e.deleted_at is null
      and ($1 is null or (e.created_at, e.endpoint_id) %1$s (($1 ->> 'at')::timestamptz, ($1 ->> 'id')::uuid))
    order by e.created_at %2$s, e.endpoint_id %2$s
    limit $2
  $query$, case when v_is_descending then '<' else '>' end, case when v_is_descending then 'desc' else 'asc' end)
  using p_after, p_limit, v_is_admin;
end
$$;
comment on function private.list_webhook_endpoints(text, jsonb, integer) is
  'List of endpoints. Why definer: endpoints are granted to nobody.';
grant execute on function private.list_webhook_endpoints(text, jsonb, integer) to authenticated;

/* A delivery as administrators see it (schema AdminWebhookDelivery). */
create function private.webhook_delivery_json(p_delivery private.webhook_deliveries, p_message private.webhook_messages)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'delivery_id', p_delivery.delivery_id, 'endpoint_id', p_delivery.endpoint_id, 'event_id', p_message.message_id,
    'event_type', p_message.type, 'subject_id', p_message.subject_id, 'sequence', p_message.sequence,
    'status', p_delivery.status, 'attempts', p_delivery.attempts,
    'last_attempt_at', private.iso(p_delivery.last_attempt_at), 'last_http_status', p_delivery.last_status_code,
    'last_error', p_delivery.last_error, 'last_duration_ms', p_delivery.last_duration_ms,
    'attempt_log', (
      select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'attempt', made.attempt, 'at', private.iso(made.at), 'http_status', made.status_code, 'error', made.error,
        'duration_ms', made.duration_ms) order by made.attempt), '[]')
      from private.webhook_attempts as made where made.delivery_id = p_delivery.delivery_id),
    'next_attempt_at', private.iso(p_delivery.next_attempt_at), 'redelivery_of', p_delivery.redelivery_of,
    'created_at', private.iso(p_delivery.created_at));
end
$$;
comment on function private.webhook_delivery_json(private.webhook_deliveries, private.webhook_messages) is
  'Answer about a delivery.';

/*
 * The condition on a delivery d and its message m that a filter $1 stands for: {endpoint_id, status: [..],
 * event_type: [..], subject_id, created_from, created_to}, each may be missing. As text, so that the members that
 * are missing are gone before the planner looks for an index.
 */
create function private.webhook_delivery_condition()
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return $condition$
    ($1 ->> 'endpoint_id' is null or d.endpoint_id = ($1 ->> 'endpoint_id')::uuid)
    and ($1 -> 'status' is null or $1 -> 'status' ? d.status)
    and ($1 -> 'event_type' is null or $1 -> 'event_type' ? m.type)
    and ($1 ->> 'subject_id' is null or m.subject_id = ($1 ->> 'subject_id')::uuid)
    and ($1 ->> 'created_from' is null or d.created_at >= ($1 ->> 'created_from')::timestamptz)
    and ($1 ->> 'created_to' is null or d.created_at < ($1 ->> 'created_to')::timestamptz)
  $condition$;
end
$$;
comment on function private.webhook_delivery_condition() is 'Filter of deliveries.';

/*
 * The log of deliveries, by age. p_filter: see private.webhook_delivery_condition. p_sort: created_at or -created_at.
 * p_after: {at, id}, the `cursor` of the last row of the page before.
 * Returns rows of (item, cursor), item as in schema AdminWebhookDelivery.
 * May be called by: an auditor or administrator. Raises NF010.
 */
create function private.list_webhook_deliveries(p_filter jsonb, p_sort text, p_after jsonb, p_limit integer)
returns table (item jsonb, cursor jsonb)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_is_descending constant boolean := p_sort like '-%';
begin
  perform private.require_role('auditor', 'admin');
  return query execute pg_catalog.format($query$
    select private.webhook_delivery_json(d, m), pg_catalog.jsonb_build_object('at', d.created_at, 'id', d.delivery_id)
    from private.webhook_deliveries as d
    join private.webhook_messages as m on m.message_id = d.message_id
    where %3$s
      and ($2 is null or (d.created_at, d.delivery_id) %1$s (($2 ->> 'at')::timestamptz, ($2 ->> 'id')::uuid))
    order by d.created_at %2$s, d.delivery_id %2$s
    limit $3
  $query$, case when v_is_descending then '<' else '>' end, case when v_is_descending then 'desc' else 'asc' end,
    private.webhook_delivery_condition())
  using p_filter, p_after, p_limit;
end
$$;
comment on function private.list_webhook_deliveries(jsonb, text, jsonb, integer) is
  'Log of deliveries. Why definer: deliveries are granted to nobody.';
grant execute on function private.list_webhook_deliveries(jsonb, text, jsonb, integer) to authenticated;

/*
 * Makes another delivery of the same message to the same endpoint, due now. Returns: schema AdminWebhookDelivery.
 * May be called by: an administrator. Raises NF010, NF020 (unknown, or the endpoint is deleted).
 */
create function private.redeliver_webhook(p_delivery_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_actor constant uuid := private.require_role('admin');
  v_old private.webhook_deliveries;
  v_new private.webhook_deliveries;
  v_message private.webhook_messages;
begin
  select * into v_old from private.webhook_deliveries where delivery_id = p_delivery_id;
  if not found then
    raise exception 'There is no such delivery.' using errcode = 'NF020';
  end if;
  perform private.webhook_lock_endpoint(v_old.endpoint_id);
  -- It may go by the clock at this moment.
  select * into v_message from private.webhook_messages where message_id = v_old.message_id for key share;
  if not found then
    raise exception 'There is no such delivery.' using errcode = 'NF020';
  end if;
  insert into private.webhook_deliveries (endpoint_id, message_id, redelivery_of, next_attempt_at)
  values (v_old.endpoint_id, v_old.message_id, p_delivery_id, private.now())
  returning * into v_new;
  perform private.webhook_audit(v_actor, 'redelivered', v_old.endpoint_id, pg_catalog.jsonb_build_object(
    'delivery_id', v_new.delivery_id, 'redelivery_of', p_delivery_id, 'event_id', v_old.message_id));
  return private.webhook_delivery_json(v_new, v_message);
end
$$;
comment on function private.redeliver_webhook(uuid) is
  'Sends a message again. Why definer: deliveries are granted to nobody.';
grant execute on function private.redeliver_webhook(uuid) to authenticated;

/*
 * Makes another delivery of every message to one endpoint whose last delivery is as p_filter says (see
 * private.webhook_delivery_condition; endpoint_id is needed, status is `failed` unless it is there), the oldest first,
 * p_limit at most. What still waits is not repeated, so asking again goes on where the last call ended.
 * Returns {redelivered, more}. May be called by: an administrator. Raises NF010, NF020.
 */
create function private.redeliver_webhooks(p_filter jsonb, p_limit integer default 1000)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_actor constant uuid := private.require_role('admin');
  v_filter constant jsonb := '{"status": ["failed"]}' || p_filter;
  v_endpoint private.webhook_endpoints;
  v_made integer;
begin
  v_endpoint := private.webhook_lock_endpoint((p_filter ->> 'endpoint_id')::uuid);
  execute pg_catalog.format($query$
    insert into private.webhook_deliveries (endpoint_id, message_id, redelivery_of, next_attempt_at)
    select d.endpoint_id, d.message_id, d.delivery_id, private.now()
    from private.webhook_deliveries as d
    join private.webhook_messages as m on m.message_id = d.message_id
    where d.status <> 'pending' and %s
      and not exists (
        select from private.webhook_deliveries as later
        where later.message_id = d.message_id and later.endpoint_id = d.endpoint_id
          and (later.created_at, later.delivery_id) > (d.created_at, d.delivery_id))
    order by d.created_at, d.delivery_id
    limit $2
    for key share of m skip locked
  $query$, private.webhook_delivery_condition())
  using v_filter, p_limit;
  get diagnostics v_made = row_count;
  perform private.webhook_audit(v_actor, 'redelivered', v_endpoint.endpoint_id, pg_catalog.jsonb_build_object(
    'deliveries', v_made, 'filter', v_filter));
  return pg_catalog.jsonb_build_object('redelivered', v_made, 'more', v_made = p_limit);
end
$$;
comment on function private.redeliver_webhooks(jsonb, integer) is
  'Sends messages again. Why definer: deliveries are granted to nobody.';
grant execute on function private.redeliver_webhooks(jsonb, integer) to authenticated;
