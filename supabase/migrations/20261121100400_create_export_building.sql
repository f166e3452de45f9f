/*
 * Building an export: the worker claims it, writes one step after the other into the bucket and notes
 * each. After a crash the next worker goes on behind the last noted step; writing a step again does no
 * harm.
 *
 * Touches: private.claim_export, private.export_rows, private.export_step, private.finish_export,
 * private.release_export.
 * Not granted: to users; only service_role, which the worker acts as.
 */

/*
 * Takes the export that has waited longest, for as long as settings.export_lease.
 * Returns null when none is due, else {export_id, lease_id, user_id, sections: [name], files: [{document_id,
 * path: in `kyc-documents`, name: in the archive}], left_out: [sentence], done: {step: [{path,
 * name}]}}. The steps are
 * `data:<section>` for each section, `file:<document_id>` for each file, and `contents`.
 * May be called by: service_role. Raises nothing.
 */
create function private.claim_export()
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := private.now();
  v_settings private.settings;
  v_export private.data_exports;
begin
  select * into strict v_settings from private.settings;
  update private.data_exports
  set attempts = attempts + 1, lease_id = pg_catalog.gen_random_uuid(), next_attempt_at = v_now + v_settings.export_lease
  where export_id = (
    select due.export_id from private.data_exports as due
    where due.status = 'pending' and due.next_attempt_at <= v_now and due.attempts < v_settings.export_max_attempts
    order by due.next_attempt_at
    limit 1
    for update skip locked
  )
  returning * into v_export;
  if not found then
    return null;
  end if;
  return pg_catalog.jsonb_build_object(
    'export_id', v_export.export_id, 'lease_id', v_export.lease_id, 'user_id', v_export.user_id,
    'sections', (
      select pg_catalog.jsonb_agg(section order by section) from private.personal_data where section is not null),
    'left_out', (
      select pg_catalog.jsonb_agg(distinct withheld_because)
      from private.personal_data where withheld_because is not null),
    'files', coalesce((
      select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'document_id', document.document_id, 'path', document.storage_path,
        'name', pg_catalog.format('files/%s-%s-%s.%s', document.type, document.side, document.document_id,
          case document.content_type when 'image/jpeg' then 'jpg' when 'image/png' then 'png' else 'pdf' end))
        order by document.document_id)
      from public.kyc_documents as document
      where document.user_id = v_export.user_id and document.status <> 'pending' and document.purged_at is null
    ), '[]'),
    'done', v_export.steps);
end
$$;
comment on function private.claim_export() is 'Claims an export. Why definer: exports are granted to nobody.';
grant execute on function private.claim_export() to service_role;

/*
 * The rows of one section of an export that a worker holds: JSON objects as text. Nothing without the lease.
 * May be called by: service_role. Raises no_data_found for an unknown section.
 */
create function private.export_rows(p_export_id uuid, p_lease_id uuid, p_section text)
returns setof text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return query
  select section_row::text
  from private.data_exports as export
  cross join lateral private.personal_data_rows(export.user_id, p_section) as section_row
  where export.export_id = p_export_id and export.lease_id = p_lease_id and export.status = 'pending';
end
$$;
comment on function private.export_rows(uuid, uuid, text) is
  'Data for an export. Why definer: reads what is held about a person.';
grant execute on function private.export_rows(uuid, uuid, text) to service_role;

/*
 * Notes that a step has been written and renews the lease. p_objects: [{path, name}].
 * Returns whether to go on: false when somebody else has taken over, or nobody wants the export any more.
 * May be called by: service_role. Raises nothing.
 */
create function private.export_step(p_export_id uuid, p_lease_id uuid, p_step text, p_objects jsonb)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  update private.data_exports as export
  set steps = export.steps || pg_catalog.jsonb_build_object(p_step, p_objects),
      attempts = 0,
      last_error = null,
      next_attempt_at = private.now() + settings.export_lease
  from private.settings as settings
  where export.export_id = p_export_id and export.lease_id = p_lease_id and export.status = 'pending';
  return found;
end
$$;
comment on function private.export_step(uuid, uuid, text, jsonb) is
  'Progress of an export. Why definer: exports are granted to nobody.';
grant execute on function private.export_step(uuid, uuid, text, jsonb) to service_role;

/*
 * Makes an export available to its person, for settings.export_ttl. Returns whether it was still wanted.
 * May be called by: service_role. Raises nothing.
 */
create function private.finish_export(p_export_id uuid, p_lease_id uuid)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_export private.data_exports;
begin
  update private.data_exports as export
  set status = 'ready', lease_id = null, next_attempt_at = null,
      ready_at = private.now(), expires_at = private.now() + settings.export_ttl
  from private.settings as settings
  where export.export_id = p_export_id and export.lease_id = p_lease_id and export.status = 'pending'
  returning export.* into v_export;
  if not found then
    return false;
  end if;
  perform private.audit_export(v_export, 'system', 'user.export_ready');
  return true;
end
$$;
comment on function private.finish_export(uuid, uuid) is
  'An export is ready. Why definer: exports are granted to nobody.';
grant execute on function private.finish_export(uuid, uuid) to service_role;

/*
 * Gives an export back: p_error null when there was only no time left, else the code of what went wrong.
 * Tried again later, or given up after settings.export_max_attempts failures in a row. Returns its status.
 * May be called by: service_role. Raises nothing.
 */
create function private.release_export(p_export_id uuid, p_lease_id uuid, p_error text default null)
returns text
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_settings private.settings;
  v_export private.data_exports;
begin
  select * into strict v_settings from private.settings;
  update private.data_exports
  set status = case when p_error is not null and attempts >= v_settings.export_max_attempts then 'failed' else status end,
      lease_id = null,
      -- A step that succeeded has set it to 0; this failure is the first since.
      attempts = case when p_error is null then 0 else greatest(attempts, 1) end,
      last_error = pg_catalog.left(p_error, 64),
      next_attempt_at = case
        when p_error is null then private.now()
        when attempts < v_settings.export_max_attempts
          then private.now() + v_settings.outbox_retry_delays[
            least(greatest(attempts, 1), pg_catalog.cardinality(v_settings.outbox_retry_delays))]
      end
  where export_id = p_export_id and lease_id = p_lease_id and status = 'pending'
  returning * into v_export;
  if v_export.status = 'failed' then
    perform private.audit_export(v_export, 'system', 'user.export_failed');
  end if;
  return v_export.status;
end
$$;
comment on function private.release_export(uuid, uuid, text) is
  'Gives an export back. Why definer: exports are granted to nobody.';
grant execute on function private.release_export(uuid, uuid, text) to service_role;
