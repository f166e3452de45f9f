/*
 * What administrators do with webhook endpoints.
 *
 * Touches: the functions of the operations that create, change and delete them, and admin.rotateWebhookSecret.
 * Not granted: to `anon` and `service_role`.
 */

/* An endpoint as administrators see it (schema AdminWebhookEndpoint); never with a secret. */
create function private.webhook_endpoint_json(p_endpoint private.webhook_endpoints)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'endpoint_id', p_endpoint.endpoint_id, 'url', p_endpoint.url, 'description', p_endpoint.description,
    'event_types', p_endpoint.event_types, 'enabled', p_endpoint.disabled_at is null,
    'disabled_reason', p_endpoint.disabled_reason, 'disabled_at', private.iso(p_endpoint.disabled_at),
    'failing_since', private.iso(p_endpoint.failing_since), 'last_delivered_at', private.iso(p_endpoint.last_delivered_at),
    'previous_secret_expires_at', (
      select private.iso(max(expires_at)) from private.webhook_secrets
      where endpoint_id = p_endpoint.endpoint_id and expires_at > private.now()),
    'version', p_endpoint.version, 'created_by', p_endpoint.created_by,
    'created_at', private.iso(p_endpoint.created_at), 'updated_at', private.iso(p_endpoint.updated_at));
end
$$;
comment on function private.webhook_endpoint_json(private.webhook_endpoints) is
  'Answer about an endpoint. Why definer: secrets are granted to nobody.';

/* The subscriptions of a JSON array, each once. Raises NF001 (detail = event_types) for one that is none. */
create function private.webhook_subscriptions(p_event_types jsonb)
returns text[]
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_wanted constant text[] := array(
    select wanted.name from pg_catalog.jsonb_array_elements_text(p_event_types) with ordinality as wanted (name, place)
    order by wanted.place);
begin
  if v_wanted = '{}' or not v_wanted <@ array(
    select unnest(subscriptions) from private.webhook_event_types) then
    raise exception 'There is no such type of event.' using errcode = 'NF001', detail = 'event_types';
  end if;
  return v_wanted;
end
$$;
comment on function private.webhook_subscriptions(jsonb) is
  'Checks subscriptions. Why definer: the catalogue is granted to nobody.';

/*
 * Locks an endpoint that is not deleted. p_expected_version: what the caller has read; null for any.
 * Raises NF020, NF050.
 */
create function private.webhook_lock_endpoint(p_endpoint_id uuid, p_expected_version integer default null)
returns private.webhook_endpoints
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_endpoint private.webhook_endpoints;
begin
  select * into v_endpoint from private.webhook_endpoints
  where endpoint_id = p_endpoint_id and deleted_at is null for no key update;
  if not found then
    raise exception 'There is no such endpoint.' using errcode = 'NF020';
  elsif v_endpoint.version <> p_expected_version then
    raise exception 'The endpoint has changed.' using errcode = 'NF050';
  end if;
  return v_endpoint;
end
$$;
comment on function private.webhook_lock_endpoint(uuid, integer) is
  'Finds and locks an endpoint. Why definer: endpoints are granted to nobody.';

/*
 * The version of an endpoint, for callers who name several; null for an unknown one.
 * May be called by: an administrator. Raises NF010.
 */
create function private.webhook_endpoint_version(p_endpoint_id uuid)
returns integer
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_role('admin');
  return (select version from private.webhook_endpoints where endpoint_id = p_endpoint_id and deleted_at is null);
end
$$;
comment on function private.webhook_endpoint_version(uuid) is
  'Base of the ETag. Why definer: endpoints are granted to nobody.';
grant execute on function private.webhook_endpoint_version(uuid) to authenticated;

/* Audit entry of an administrator about an endpoint. */
create function private.webhook_audit(p_actor uuid, p_action text, p_endpoint_id uuid, p_details jsonb default '{}')
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.audit_append('webhook_endpoints', 'staff', p_actor::text, 'webhook_endpoint.' || p_action,
    'webhook_endpoint', p_endpoint_id::text, null, p_details);
end
$$;
comment on function private.webhook_audit(uuid, text, uuid, jsonb) is
  'Audit of endpoints. Why definer: the audit is granted to nobody.';

/*
 * Records an endpoint and its first secret. p_input: {url, event_types, description?, enabled?}; the URL has been
 * checked by the caller, who can resolve names. Returns: schema AdminWebhookEndpoint.
 * May be called by: an administrator. Raises NF010, NF011, NF001 (detail = member), NF048 (no room).
 */
create function private.create_webhook_endpoint(p_input jsonb, p_secret text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_actor constant uuid := private.require_role('admin');
  v_is_enabled constant boolean := coalesce((p_input ->> 'enabled')::boolean, true);
  v_endpoint private.webhook_endpoints;
begin
  perform private.require_aal2();
  -- One at a time, so that the count holds.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('nff.webhook_endpoints', 0));
  if (select count(*) from private.webhook_endpoints where deleted_at is null)
    >= (select webhook_max_endpoints from private.settings) then
    raise exception 'There are as many endpoints as there may be.' using errcode = 'NF048';
  end if;
  begin
    insert into private.webhook_endpoints (url, description, event_types, disabled_at, disabled_reason, created_by)
    values (p_input ->> 'url', p_input ->> 'description', private.webhook_subscriptions(p_input -> 'event_types'),
      case when not v_is_enabled then private.now() end, case when not v_is_enabled then 'by_staff' end, v_actor)
    returning * into v_endpoint;
  exception when check_violation then
    raise exception 'A value is not valid.' using errcode = 'NF001',
      detail = case when private.is_plain_text(p_input ->> 'description', 100) is false then 'description' else 'url' end;
  end;
  perform private.webhook_put_secret(v_endpoint.endpoint_id, p_secret);
  perform private.webhook_audit(v_actor, 'created', v_endpoint.endpoint_id,
    pg_catalog.jsonb_build_object('event_types', v_endpoint.event_types));
  return private.webhook_endpoint_json(v_endpoint);
end
$$;
comment on function private.create_webhook_endpoint(jsonb, text) is
  'Records an endpoint. Why definer: endpoints and secrets are granted to nobody.';
grant execute on function private.create_webhook_endpoint(jsonb, text) to authenticated;

/*
 * Applies a merge patch {url?, event_types?, description?, enabled?} to an endpoint; a new URL has been checked by
 * the caller. Enabling it, or another URL, begins anew: what waits is due now, what failed is forgotten.
 * Returns: schema AdminWebhookEndpoint.
 * May be called by: an administrator. Raises NF010, NF011, NF001 (detail = member), NF020, NF050.
 */
create function private.update_webhook_endpoint(p_endpoint_id uuid, p_patch jsonb, p_expected_version integer)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_actor constant uuid := private.require_role('admin');
  v_now constant timestamptz := private.now();
  v_old private.webhook_endpoints;
  v_new private.webhook_endpoints;
  v_is_enabled boolean;
begin
  perform private.require_aal2();
  v_old := private.webhook_lock_endpoint(p_endpoint_id, p_expected_version);
  v_is_enabled := coalesce((p_patch ->> 'enabled')::boolean, v_old.disabled_at is null);
  begin
    update private.webhook_endpoints
    set url = coalesce(p_patch ->> 'url', url),
        description = case when p_patch ? 'description' then p_patch ->> 'description' else description end,
        event_types = case when p_patch ? 'event_types'
          then private.webhook_subscriptions(p_patch -> 'event_types') else event_types end,
        disabled_at = case when not v_is_enabled then coalesce(disabled_at, v_now) end,
        disabled_reason = case when not v_is_enabled then coalesce(disabled_reason, 'by_staff') end,
        version = version + 1, updated_at = v_now
    where endpoint_id = p_endpoint_id
    returning * into v_new;
  exception when check_violation then
    raise exception 'A value is not valid.' using errcode = 'NF001',
      detail = case when private.is_plain_text(p_patch ->> 'description', 100) is false then 'description' else 'url' end;
  end;
  if v_is_enabled and v_old.disabled_at is not null or v_new.url <> v_old.url then
    update private.webhook_endpoints set failing_since = null where endpoint_id = p_endpoint_id returning * into v_new;
    update private.webhook_deliveries set next_attempt_at = v_now
    where endpoint_id = p_endpoint_id and status = 'pending' and lease_id is null and next_attempt_at > v_now;
  end if;
  perform private.webhook_audit(v_actor, 'updated', p_endpoint_id, pg_catalog.jsonb_build_object(
    'members', (select pg_catalog.jsonb_agg(name order by name) from pg_catalog.jsonb_object_keys(p_patch) as name),
    'enabled', v_is_enabled));
  return private.webhook_endpoint_json(v_new);
end
$$;
comment on function private.update_webhook_endpoint(uuid, jsonb, integer) is
  'Changes an endpoint. Why definer: endpoints are granted to nobody.';
grant execute on function private.update_webhook_endpoint(uuid, jsonb, integer) to authenticated;

/*
 * Deletes an endpoint with its secrets; what waits for it is dropped.
 * May be called by: an administrator. Raises NF010, NF011, NF020, NF050.
 */
create function private.delete_webhook_endpoint(p_endpoint_id uuid, p_expected_version integer)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_actor constant uuid := private.require_role('admin');
begin
  perform private.require_aal2();
  perform private.webhook_lock_endpoint(p_endpoint_id, p_expected_version);
  update private.webhook_endpoints set deleted_at = private.now(), updated_at = private.now(), version = version + 1
  where endpoint_id = p_endpoint_id;
  update private.webhook_deliveries set status = 'dropped', next_attempt_at = null, lease_id = null
  where endpoint_id = p_endpoint_id and status = 'pending';
  perform private.webhook_drop_secrets(array(
    select secret_id from private.webhook_secrets where endpoint_id = p_endpoint_id));
  perform private.webhook_audit(v_actor, 'deleted', p_endpoint_id);
end
$$;
comment on function private.delete_webhook_endpoint(uuid, integer) is
  'Deletes an endpoint. Why definer: endpoints are granted to nobody.';
grant execute on function private.delete_webhook_endpoint(uuid, integer) to authenticated;

/*
 * Gives an endpoint another secret. The present one goes on signing for p_overlap, older ones end at once.
 * Returns: schema AdminWebhookEndpoint. May be called by: an administrator. Raises NF010, NF011, NF020.
 */
create function private.rotate_webhook_secret(p_endpoint_id uuid, p_overlap interval, p_secret text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_actor constant uuid := private.require_role('admin');
  v_now constant timestamptz := private.now();
  v_endpoint private.webhook_endpoints;
begin
  perform private.require_aal2();
  perform private.webhook_lock_endpoint(p_endpoint_id);
  perform private.webhook_drop_secrets(array(
    select secret_id from private.webhook_secrets
    where endpoint_id = p_endpoint_id and (expires_at is not null or p_overlap <= interval '0')));
  update private.webhook_secrets set expires_at = v_now + p_overlap where endpoint_id = p_endpoint_id;
  perform private.webhook_put_secret(p_endpoint_id, p_secret);
  update private.webhook_endpoints set version = version + 1, updated_at = v_now
  where endpoint_id = p_endpoint_id returning * into v_endpoint;
  perform private.webhook_audit(v_actor, 'secret_rotated', p_endpoint_id,
    pg_catalog.jsonb_build_object('overlap', p_overlap));
  return private.webhook_endpoint_json(v_endpoint);
end
$$;
comment on function private.rotate_webhook_secret(uuid, interval, text) is
  'Replaces a secret. Why definer: secrets are granted to nobody.';
grant execute on function private.rotate_webhook_secret(uuid, interval, text) to authenticated;
