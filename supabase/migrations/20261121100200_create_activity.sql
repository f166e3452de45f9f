/*
 * What the audit log holds about a person and may be shown to them.
 *
 * Touches: private.require_person, private.audit_visible_actions, private.list_my_activity, an index on
 * private.audit_log.
 * Not granted: the table to anybody.
 */

/*
 * The id of the signed-in person, who may look and ask: suspended, but not deleted. Raises NF010 without
 * a person, NF012 when the account is deleted, NF002 when the session has ended.
 */
create function private.require_person()
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := auth.uid();
begin
  if v_user_id is null then
    raise exception 'Nobody is signed in.' using errcode = 'NF010';
  end if;
  if not exists (select from public.profiles where user_id = v_user_id and not is_soft_deleted) then
    raise exception 'The account is deleted.' using errcode = 'NF012';
  end if;
  perform private.require_session();
  return v_user_id;
end
$$;
comment on function private.require_person() is
  'Account check for privacy rights, which a suspension does not take away. Why definer: a deleted profile is hidden from its owner.';

create index audit_log_stream_audit_id_idx on private.audit_log (stream, audit_id);

create table private.audit_visible_actions (
  action text primary key check (action ~ '^[a-z][a-z0-9_.]{0,63}$')
);
alter table private.audit_visible_actions enable row level security;
comment on table private.audit_visible_actions is
  'What people are shown of acts of others on them. Their own acts are always shown; what is not listed here is not: staff reading a case, risk and screening would tip off.';

insert into private.audit_visible_actions (action) values
  ('kyc.created'), ('kyc.transition'), ('kyc.document_added'), ('kyc.document_uploaded'), ('kyc.document_refused'),
  ('user.consent_recorded'), ('user.profile_changed'), ('user.address_changed'),
  ('user.export_requested'), ('user.export_ready'), ('user.export_downloaded'), ('user.export_expired'),
  ('user.export_failed'), ('user.erasure_requested');

/*
 * Audit entries about a person that they may see: of their own streams, and what they did elsewhere.
 * p_before: only entries before this one; p_limit: at most so many, newest first; null for all.
 */
create function private.activity_of(p_user_id uuid, p_limit integer default null, p_before uuid default null)
returns setof private.audit_log
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return query
  with own_streams as (
    select 'user:' || p_user_id as stream
    union all
    select 'kyc:' || verification_id from public.kyc_verifications where user_id = p_user_id
  ),
  -- Each part is cut to the page by its index before the parts are put together.
  about as (
    select entry.*
    from own_streams
    cross join lateral (
      select logged.* from private.audit_log as logged
      where logged.stream = own_streams.stream
        and (p_before is null or logged.audit_id < p_before)
        and (logged.actor_id = p_user_id::text
          or logged.action in (select visible.action from private.audit_visible_actions as visible))
      order by logged.audit_id desc
      limit p_limit
    ) as entry
  ),
  by_person as (
    select logged.* from private.audit_log as logged
    where logged.actor_id = p_user_id::text
      and (p_before is null or logged.audit_id < p_before)
      and logged.stream not in (select own_streams.stream from own_streams)
    order by logged.audit_id desc
    limit p_limit
  )
  select * from (select * from about union all select * from by_person) as found
  order by found.audit_id desc
  limit p_limit;
end
$$;
comment on function private.activity_of(uuid, integer, uuid) is
  'Entries that a person may see. Why definer: the audit is granted to nobody.';

/*
 * What was done by or to the signed-in person, newest first: rows of (item, position), item as in schema
 * ActivityEntry. p_before: position of the last row of the page before. Staff is not named, reasons are
 * left out.
 * May be called by: a signed-in person. Raises NF002, NF010, NF012.
 */
create function private.list_my_activity(p_limit integer, p_before uuid default null)
returns table (item jsonb, "position" text)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_person();
begin
  return query
  select pg_catalog.jsonb_build_object(
    'at', private.iso(entry.at), 'actor_kind', entry.actor_kind, 'action', entry.action,
    'subject_type', entry.subject_type, 'subject_id', entry.subject_id, 'request_id',
    case when entry.actor_id = v_user_id::text then entry.request_id end), entry.audit_id::text
  from private.activity_of(v_user_id, p_limit, p_before) as entry;
end
$$;
comment on function private.list_my_activity(integer, uuid) is
  'Own activity. Why definer: the audit is granted to nobody.';
grant execute on function private.list_my_activity(integer, uuid) to authenticated;
