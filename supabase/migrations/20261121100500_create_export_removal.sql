/*
 * The end of an export: its files go when it has been fetched, has expired, has failed or is not wanted
 * any more.
 *
 * Touches: topics of private.outbox, private.queue_storage_clear, private.remove_export, private.remove_exports,
 * private.job_expire_exports, private.schedules.
 * Not granted: these to any API role.
 */

-- Topics are an open list from here on: each migration that sends something new just does.
alter table private.outbox
  drop constraint outbox_topic_check,
  add constraint outbox_topic_check check (topic ~ '^[a-z]+(\.[a-z]+)+$');

/* Queues the removal of everything under a prefix of a bucket, once per p_cause. */
create function private.queue_storage_clear(
  p_subject_id uuid, p_bucket text, p_prefix text, p_cause text, p_at timestamptz default null
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  insert into private.outbox (topic, subject_id, idempotency_key, payload, next_attempt_at, created_at)
  values ('storage.clear', p_subject_id, 'clear:' || p_subject_id || ':' || p_cause,
    pg_catalog.jsonb_build_object('bucket', p_bucket, 'prefix', p_prefix),
    coalesce(p_at, private.now()), private.now())
  on conflict (idempotency_key) do nothing;
end
$$;
comment on function private.queue_storage_clear(uuid, text, text, text, timestamptz) is
  'Queues a removal. Why definer: the outbox is granted to nobody.';

/* Ends an export and queues the removal of its files, of late ones of a worker that is at it too. */
create function private.remove_export(p_export private.data_exports, p_status text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_prefix constant text := p_export.export_id || '/';
begin
  update private.data_exports
  set status = p_status, next_attempt_at = null, lease_id = null, steps = '{}', removed_at = private.now()
  where export_id = p_export.export_id;
  perform private.queue_storage_clear(p_export.export_id, 'exports', v_prefix, 'files');
  if p_export.lease_id is not null then
    perform private.queue_storage_clear(p_export.export_id, 'exports', v_prefix, 'late files',
      p_export.next_attempt_at + interval '5 minutes');
  end if;
end
$$;
comment on function private.remove_export(private.data_exports, text) is
  'Removes an export. Why definer: exports are granted to nobody.';

/* Ends the exports of a person, except one, and queues the removal of their files. */
create function private.remove_exports(p_user_id uuid, p_except uuid default null)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_export private.data_exports;
begin
  for v_export in
    select * from private.data_exports
    where user_id = p_user_id and removed_at is null and export_id is distinct from p_except
    for update
  loop
    perform private.remove_export(v_export,
      case v_export.status when 'pending' then 'failed' when 'ready' then 'expired' else v_export.status end);
  end loop;
end
$$;
comment on function private.remove_exports(uuid, uuid) is
  'Removes exports. Why definer: exports are granted to nobody.';

/* Ends exports whose time or tries are over, and removes their files and those of exports that were fetched. */
create function private.job_expire_exports(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := private.now();
  v_max_attempts smallint;
  v_export private.data_exports;
  v_removed integer := 0;
begin
  select export_max_attempts into strict v_max_attempts from private.settings;
  for v_export in
    select * from private.data_exports
    where removed_at is null
      and case status
        when 'pending' then attempts >= v_max_attempts and next_attempt_at <= v_now
        when 'ready' then expires_at <= v_now
        -- Whoever fetches it may still be at it.
        when 'downloaded' then downloaded_at <= v_now - interval '15 minutes'
        else true
      end
    order by export_id
    limit p_limit
    for update skip locked
  loop
    case v_export.status
      when 'pending' then
        perform private.remove_export(v_export, 'failed');
        perform private.audit_export(v_export, 'system', 'user.export_failed');
      when 'ready' then
        perform private.remove_export(v_export, 'expired');
        perform private.audit_export(v_export, 'scheduler', 'user.export_expired');
      else
        perform private.remove_export(v_export, v_export.status);
    end case;
    v_removed := v_removed + 1;
  end loop;
  return v_removed;
end
$$;
comment on function private.job_expire_exports(integer) is
  'Retention of exports. Why definer: exports and the outbox are granted to nobody.';

insert into private.schedules (job, every, routine) values ('expire_exports', '5 minutes', 'job_expire_exports');
