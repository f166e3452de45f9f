/*
 * Exports of what is held about a person (GDPR, articles 15 and 20): asked for, built by the worker into a
 * private bucket, fetched once.
 *
 * Touches: private.data_exports, settings, storage.buckets (one row), private.request_export,
 * private.get_export, private.take_export.
 * Not granted: the table to anybody; the bucket to anybody but the Storage service.
 */

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('exports', 'exports', false, 52428800,
  array['application/json', 'image/jpeg', 'image/png', 'application/pdf'])
on conflict (id) do update
set public = excluded.public,
    file_size_limit = excluded.file_size_limit,
    allowed_mime_types = excluded.allowed_mime_types;

alter table private.settings
  add column export_ttl interval not null default '24 hours',
  add column export_lease interval not null default '2 minutes',
  add column export_max_attempts smallint not null default 8 check (export_max_attempts > 0);
comment on column private.settings.export_ttl is 'How long a finished export can be fetched.';
comment on column private.settings.export_lease is 'How long a worker may take from one step of an export to the next.';
comment on column private.settings.export_max_attempts is 'Failed tries in a row after which an export is given up.';

create table private.data_exports (
  export_id uuid primary key default private.uuid_v7(),
  user_id uuid not null references public.profiles (user_id) on delete restrict,
  status text not null default 'pending' check (status in ('pending', 'ready', 'downloaded', 'expired', 'failed')),
  steps jsonb not null default '{}',
  attempts smallint not null default 0,
  next_attempt_at timestamptz,
  lease_id uuid,
  last_error text check (pg_catalog.char_length(last_error) <= 64),
  requested_at timestamptz not null default private.now(),
  ready_at timestamptz,
  expires_at timestamptz,
  downloaded_at timestamptz,
  removed_at timestamptz,
  version integer not null default 1,
  updated_at timestamptz not null default private.now(),
  check ((status = 'pending') = (next_attempt_at is not null)),
  check ((ready_at is null) = (expires_at is null))
);
alter table private.data_exports enable row level security;
create unique index data_exports_one_pending_key on private.data_exports (user_id) where status = 'pending';
create index data_exports_user_id_idx on private.data_exports (user_id, export_id desc);
create index data_exports_due_idx on private.data_exports (next_attempt_at) where status = 'pending';
create index data_exports_files_idx on private.data_exports (status, expires_at) where removed_at is null;
comment on table private.data_exports is 'Exports of personal data and how far they are.';
comment on column private.data_exports.steps is 'What has been written: step → array of {path, name}, both of them our own names.';
comment on column private.data_exports.attempts is 'Tries since the last step that succeeded.';
comment on column private.data_exports.next_attempt_at is 'When it is due; while a worker holds it, when its lease ends.';
comment on column private.data_exports.last_error is 'A code.';
comment on column private.data_exports.removed_at is 'When the removal of its files was queued.';
create trigger _500_touch
  before update on private.data_exports
  for each row execute function private.tg__touch();

/* An export as in the contract (schema Export) without its link, and `version` for the ETag. */
create function private.export_json(p_export private.data_exports)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'export_id', p_export.export_id,
    'status', case when p_export.status = 'ready' and p_export.expires_at <= private.now() then 'expired'
      else p_export.status end,
    'requested_at', private.iso(p_export.requested_at), 'ready_at', private.iso(p_export.ready_at),
    'download_url', null, 'download_expires_at', private.iso(p_export.expires_at), 'version', p_export.version);
end
$$;
comment on function private.export_json(private.data_exports) is 'An export for its owner.';

/* Notes an act on an export in the audit of its person. */
create function private.audit_export(p_export private.data_exports, p_actor_kind text, p_action text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.audit_append(
    'user:' || p_export.user_id, p_actor_kind, case p_actor_kind when 'user' then p_export.user_id::text else 'exports' end,
    p_action, 'export', p_export.export_id::text);
end
$$;
comment on function private.audit_export(private.data_exports, text, text) is
  'Audit of exports. Why definer: called for people, who may not write the audit.';

/*
 * Asks for an export of the signed-in person. The files of older ones go, so that there is one at most.
 * Returns: schema Export with `version`.
 * May be called by: a signed-in person. Raises NF010, NF012, NF042 (one is being made; detail = its id).
 */
create function private.request_export()
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_person();
  v_new private.data_exports;
begin
  insert into private.data_exports (user_id, next_attempt_at) values (v_user_id, private.now())
  on conflict (user_id) where status = 'pending' do nothing
  returning * into v_new;
  if not found then
    raise exception 'An export is already being prepared.' using errcode = 'NF042', detail = (
      select export_id::text from private.data_exports where user_id = v_user_id and status = 'pending');
  end if;
  perform private.remove_exports(v_user_id, v_new.export_id);
  perform private.audit_export(v_new, 'user', 'user.export_requested');
  return private.export_json(v_new);
end
$$;
comment on function private.request_export() is
  'Asks for an export. Why definer: exports are granted to nobody.';
grant execute on function private.request_export() to authenticated;

/* An export of the signed-in person (schema Export with `version`). Raises NF010, NF012, NF020. */
create function private.get_export(p_export_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_person();
  v_export private.data_exports;
begin
  select * into v_export from private.data_exports where export_id = p_export_id and user_id = v_user_id;
  if not found then
    raise exception 'There is no such export.' using errcode = 'NF020';
  end if;
  return private.export_json(v_export);
end
$$;
comment on function private.get_export(uuid) is 'An own export. Why definer: exports are granted to nobody.';
grant execute on function private.get_export(uuid) to authenticated;

/*
 * Uses up the link of an export: the one call that succeeds may send the files.
 * Returns: [{path: in the bucket `exports`, name: in the archive}].
 * May be called by: a signed-in person.
 * Raises NF010, NF012, NF020, NF042 (not ready yet), NF046 (fetched, expired or failed).
 */
create function private.take_export(p_export_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_person();
  v_export private.data_exports;
begin
  select * into v_export from private.data_exports
  where export_id = p_export_id and user_id = v_user_id for update;
  if not found then
    raise exception 'There is no such export.' using errcode = 'NF020';
  end if;
  if v_export.status = 'pending' then
    raise exception 'The export is still being prepared.' using errcode = 'NF042', detail = p_export_id::text;
  end if;
  if v_export.status <> 'ready' or v_export.expires_at <= private.now() then
    raise exception 'The link has expired or has been used.' using errcode = 'NF046';
  end if;
  update private.data_exports set status = 'downloaded', downloaded_at = private.now()
  where export_id = p_export_id
  returning * into v_export;
  perform private.audit_export(v_export, 'user', 'user.export_downloaded');
  return private.export_objects(v_export);
end
$$;
comment on function private.take_export(uuid) is 'Uses up a link. Why definer: exports are granted to nobody.';
grant execute on function private.take_export(uuid) to authenticated;

/* The files of an export, in the order of their names. */
create function private.export_objects(p_export private.data_exports)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select coalesce(pg_catalog.jsonb_agg(object order by object ->> 'name'), '[]')
    from pg_catalog.jsonb_each(p_export.steps) as step
    cross join pg_catalog.jsonb_array_elements(step.value) as object
  );
end
$$;
comment on function private.export_objects(private.data_exports) is 'What an export consists of.';
