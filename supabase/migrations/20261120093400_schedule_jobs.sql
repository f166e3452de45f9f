/*
 * pg_cron, where there is one, runs the schedules and wakes the worker; elsewhere a timer calls
 * worker.run. Both may: the rows of private.schedules and of the outbox keep them apart.
 *
 * Touches: private.wake_worker; cron.job, where the extension is.
 * Not granted: wake_worker to anybody; pg_cron runs it as its owner.
 */

/*
 * Posts to the worker function without waiting for the answer. A lost wake-up only delays, so this is all
 * that pg_net is used for. Needs two secrets in Vault: project_url (https://<ref>.supabase.co) and
 * worker_secret_key (a secret API key of its own). Returns whether there was somebody to call; false where
 * pg_net, Vault or a secret is missing, or nothing is due.
 */
create function private.wake_worker()
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_url text;
  v_key text;
begin
  if pg_catalog.to_regproc('net.http_post') is null
    or pg_catalog.to_regclass('vault.decrypted_secrets') is null
    or not exists (
      select from private.outbox where status = 'pending' and next_attempt_at <= private.now()
      union all
      select from private.webhook_inbox where result = 'parked' and next_try_at <= private.now()
      union all
      select from private.webhook_deliveries as delivery
      join private.webhook_endpoints as receiver on receiver.endpoint_id = delivery.endpoint_id
      where delivery.status = 'pending' and delivery.next_attempt_at <= private.now() and receiver.disabled_at is null
    ) then
    return false;
  end if;
  execute $query$
    select max(decrypted_secret) filter (where name = 'project_url'),
      max(decrypted_secret) filter (where name = 'worker_secret_key')
    from vault.decrypted_secrets where name in ('project_url', 'worker_secret_key')
  $query$ into v_url, v_key;
  if v_url is null or v_key is null then
    return false;
  end if;
  execute $query$
    select net.http_post(url := $1, body := '{}'::jsonb, headers := $2, timeout_milliseconds := 30000)
  $query$ using
    pg_catalog.rtrim(v_url, '/') || '/functions/v1/worker/run',
    pg_catalog.jsonb_build_object('content-type', 'application/json', 'apikey', v_key);
  return true;
end
$$;
comment on function private.wake_worker() is
  'Wakes the worker by HTTP. Why definer: reads secrets and queues that are granted to nobody.';

do $$
begin
  if pg_catalog.to_regprocedure('cron.schedule(text,text,text)') is null then
    raise notice 'pg_cron is not available: call worker.run from a timer';
    return;
  end if;
  execute $cron$ select cron.schedule('nff-schedules', '* * * * *', 'select private.run_schedules()') $cron$;
  execute $cron$ select cron.schedule('nff-wake-worker', '10 seconds', 'select private.wake_worker()') $cron$;
  -- pg_cron keeps its history for ever otherwise.
  execute $cron$ select cron.schedule('nff-cron-history', '17 3 * * *',
    'delete from cron.job_run_details where end_time < now() - interval ''7 days''') $cron$;
end
$$;
