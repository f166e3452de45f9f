/*
 * Numbers for operators: queue lengths, ages, states.
 *
 * Touches: private.metrics.
 * Not granted: to anybody but service_role.
 */

/*
 * Gauges as rows of (name, label, label_value, value); label is null where there is none. No personal data.
 * May be called by: service_role. Raises nothing.
 */
create function private.metrics()
returns table (name text, label text, label_value text, value double precision)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := private.now();
begin
  return query
    select 'nff_kyc_verifications_open', 'status', state.status::text, (
      select count(*) from public.kyc_verifications as v where v.status = state.status)::double precision
    from unnest(enum_range(null::public.kyc_status)) as state (status)
    where private.kyc_is_open(state.status);
  return query
    select 'nff_kyc_oldest_seconds', 'status', state.status::text, coalesce(extract(epoch from v_now - (
      select min(v.status_changed_at) from public.kyc_verifications as v where v.status = state.status)), 0)::double precision
    from unnest(array['submitted', 'processing', 'in_review']::public.kyc_status[]) as state (status);
  return query
    select 'nff_outbox_' || kind.status, null, null, (
      select count(*) from private.outbox as m where m.status = kind.status and m.status <> 'sent')::double precision
    from unnest(array['pending', 'dead']) as kind (status);
  return query
    select 'nff_outbox_oldest_due_seconds', null, null, coalesce(extract(epoch from v_now - (
      select min(m.next_attempt_at) from private.outbox as m where m.status = 'pending' and m.next_attempt_at <= v_now)), 0)::double precision;
  return query
    select 'nff_inbox_events', 'result', kind.result, case kind.result
      when 'parked' then (select count(*) from private.webhook_inbox as e where e.result = 'parked')
      else (select count(*) from private.webhook_inbox as e where e.result = kind.result and e.result in ('conflict', 'dead'))
    end::double precision
    from unnest(array['parked', 'conflict', 'dead']) as kind (result);
  return query
    select 'nff_webhook_deliveries_pending', null, null, count(*)::double precision
    from private.webhook_deliveries as d join private.webhook_endpoints as e on e.endpoint_id = d.endpoint_id
    where d.status = 'pending' and e.disabled_at is null;
  return query
    select 'nff_webhook_oldest_due_seconds', null, null, coalesce(extract(epoch from v_now - min(d.next_attempt_at)), 0)::double precision
    from private.webhook_deliveries as d join private.webhook_endpoints as e on e.endpoint_id = d.endpoint_id
    where d.status = 'pending' and d.next_attempt_at <= v_now and e.disabled_at is null;
  return query
    select 'nff_webhook_endpoints', 'state', kind.state, (
      select count(*) from private.webhook_endpoints as e
      where e.deleted_at is null and kind.state = case
        when e.disabled_at is not null then 'disabled' when e.failing_since is not null then 'failing' else 'working' end
    )::double precision
    from unnest(array['working', 'failing', 'disabled']) as kind (state);
  return query
    select 'nff_screening_pending', 'queue', kind.queue, case kind.queue
      when 'entries' then (select count(*) from private.screening_changes)
      else (select count(*) from private.screening_suspects as s where s.due_at <= v_now)
    end::double precision
    from unnest(array['entries', 'people']) as kind (queue);
  return query
    select 'nff_provider_circuit_open', 'provider', circuit.provider, (circuit.open_until > v_now)::integer::double precision
    from private.provider_circuits as circuit
    where circuit.open_until is not null;
end
$$;
comment on function private.metrics() is 'Gauges. Why definer: the tables are granted to nobody.';
grant execute on function private.metrics() to service_role;
