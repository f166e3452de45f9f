/*
 * pg_cron, where there is one, runs the schedules each minute; elsewhere worker.run does. Both may: the
 * rows of private.schedules keep them apart.
 *
 * Touches: cron.job, where the extension is.
 * Not granted: nothing new.
 */
do $$
begin
  if pg_catalog.to_regprocedure('cron.schedule(text,text,text)') is null then
    raise notice 'pg_cron is not available: call worker.run from a timer';
    return;
  end if;
  execute $cron$ select cron.schedule('nff-schedules', '* * * * *', 'select private.run_schedules()') $cron$;
  -- pg_cron keeps its history for ever otherwise.
  execute $cron$ select cron.schedule('nff-cron-history', '17 3 * * *',
    'delete from cron.job_run_details where end_time < now() - interval ''7 days''') $cron$;
end
$$;
