/*
 * The audit for those who look after it: search, and proof that nothing was changed.
 *
 * Touches: indexes on private.audit_log; private.audit_is_withheld, private.list_audit, private.audit_entry_json,
 * private.audit_verify_page, private.verify_audit.
 * Not granted: to `anon` and `service_role`; both functions for staff ask for a role.
 */

create index audit_log_at_idx on private.audit_log (at, audit_id);
create index audit_log_subject_id_idx on private.audit_log (subject_id, at);
create index audit_log_request_id_idx on private.audit_log (request_id) where request_id is not null;

/* An entry as in the contract (schema AuditEntry). */
create function private.audit_entry_json(p_entry private.audit_log)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'audit_id', p_entry.audit_id, 'stream', p_entry.stream, 'sequence', p_entry.sequence,
    'at', private.iso(p_entry.at), 'actor_kind', p_entry.actor_kind, 'actor_id', p_entry.actor_id,
    'action', p_entry.action, 'subject_type', p_entry.subject_type, 'subject_id', p_entry.subject_id,
    'reason_code', p_entry.reason_code, 'request_id', p_entry.request_id,
    'hash', pg_catalog.encode(p_entry.hash, 'hex'));
end
$$;
comment on function private.audit_entry_json(private.audit_log) is 'An entry for staff.';

/*
 * Whether an entry says what the signed-in person must not be told, also under another account: what happened to the
 * own case, or that there is a legal hold on them.
 */
create function private.audit_is_withheld(p_entry private.audit_log)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  if p_entry.stream like 'kyc:%' then
    return exists (
      select from public.kyc_verifications as verification
      where verification.verification_id = private.uuid_or_null(pg_catalog.substr(p_entry.stream, 5))
        and private.is_same_person(verification.user_id, auth.uid()));
  end if;
  return p_entry.stream like 'user:%'
    -- An erasure that waits, and goes on, tells of a hold too.
    and (p_entry.subject_type = 'legal_hold' or p_entry.action in ('user.erasure_held', 'user.erasure_resumed'))
    and private.is_same_person(private.uuid_or_null(pg_catalog.substr(p_entry.stream, 6)), auth.uid());
end
$$;
comment on function private.audit_is_withheld(private.audit_log) is
  'Whether an auditor is the person. Why definer: verifications of others are hidden.';

/*
 * A page of the audit. p_filter: {stream, actor_kind, actor_id, action (a group when it ends with a dot),
 * subject_type, subject_id, request_id, at_from, at_to}, each optional. p_after: `position` of the last row of the
 * page before.
 * Returns rows of (item, position), item as in schema AuditEntry, never the own case or a hold on the caller. Ask for one
 * more than the page holds.
 * May be called by: compliance_admin, auditor, admin. Raises NF010.
 */
create function private.list_audit(
  p_filter jsonb, p_is_descending boolean, p_limit integer, p_after text default null
)
returns table (item jsonb, "position" text)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_at constant timestamptz := pg_catalog.split_part(p_after, ' ', 1)::timestamptz;
  v_id constant uuid := pg_catalog.split_part(p_after, ' ', 2)::uuid;
  v_direction constant text := case when p_is_descending then 'desc' else 'asc' end;
  v_group constant boolean := p_filter ->> 'action' like '%.';
begin
  perform private.require_role('compliance_admin', 'auditor', 'admin');
  return query execute
    'select private.audit_entry_json(entry),
       pg_catalog.to_char(entry.at at time zone ''UTC'', ''YYYY-MM-DD"T"HH24:MI:SS.US"Z"'') || '' '' || entry.audit_id
     from private.audit_log as entry'
    -- A condition is only there when it is asked for, so that each search is planned for itself.
    || pg_catalog.concat_ws(' and ', ' where not private.audit_is_withheld(entry)',
      case when p_filter ? 'stream' then 'entry.stream = $1 ->> ''stream''' end,
      case when p_filter ? 'actor_kind' then 'entry.actor_kind = $1 ->> ''actor_kind''' end,
      case when p_filter ? 'actor_id' then 'entry.actor_id = $1 ->> ''actor_id''' end,
      case when v_group then 'pg_catalog.starts_with(entry.action, $1 ->> ''action'')'
        when p_filter ? 'action' then 'entry.action = $1 ->> ''action''' end,
      case when p_filter ? 'subject_type' then 'entry.subject_type = $1 ->> ''subject_type''' end,
      case when p_filter ? 'subject_id' then 'entry.subject_id = $1 ->> ''subject_id''' end,
      case when p_filter ? 'request_id' then 'entry.request_id = $1 ->> ''request_id''' end,
      case when p_filter ? 'at_from' then 'entry.at >= ($1 ->> ''at_from'')::timestamptz' end,
      case when p_filter ? 'at_to' then 'entry.at < ($1 ->> ''at_to'')::timestamptz' end,
      case when p_after is not null then pg_catalog.format(
        '(entry.at, entry.audit_id) %s ($2, $3)', case when p_is_descending then '<' else '>' end) end)
    || pg_catalog.format(' order by entry.at %1$s, entry.audit_id %1$s limit $4', v_direction)
  using p_filter, v_at, v_id, p_limit;
end
$$;
comment on function private.list_audit(jsonb, boolean, integer, text) is
  'Search in the audit. Why definer: the log is granted to nobody; the role is checked first.';
grant execute on function private.list_audit(jsonb, boolean, integer, text) to authenticated;

/*
 * Where a check of whole chains that begins with p_from has to end, so that it meets about p_limit entries:
 * (last: the last chain of it, next: the first that is not in it or null at the end of all).
 */
create function private.audit_verify_page(p_from text, p_limit bigint, out last text, out next text)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  select counted.stream into audit_verify_page.next
  from (
    select head.stream, pg_catalog.sum(head.sequence) over (order by head.stream) - head.sequence as before
    from private.audit_heads as head
    where head.stream >= p_from
    order by head.stream
  ) as counted
  -- One chain at least, however long it is, or a walk would not get on.
  where counted.before > 0 and counted.before >= p_limit
  limit 1;
  audit_verify_page.last := case
    when audit_verify_page.next is null then greatest(
      (select max(entry.stream) from private.audit_log as entry),
      (select max(head.stream) from private.audit_heads as head))
    -- Entries whose head is gone count to the page before the next head.
    else greatest(
      (select max(entry.stream) from private.audit_log as entry where entry.stream < audit_verify_page.next),
      (select max(head.stream) from private.audit_heads as head where head.stream < audit_verify_page.next))
  end;
end
$$;
comment on function private.audit_verify_page(text, bigint) is
  'Cuts a check into pages. Why definer: the log is granted to nobody.';

/*
 * Checks one chain (p_stream), or whole chains from p_from on, about p_limit entries of them. p_anchor_*: the
 * place and the hash of an entry of p_stream as they were published, without which somebody who writes chain and
 * head anew is not found.
 * Returns: AdminAuditVerification.
 * May be called by: compliance_admin, auditor, admin. Raises NF010, NF001 (p_from beside p_stream, an anchor
 * without p_stream, half an anchor).
 */
create function private.verify_audit(
  p_stream text, p_from text, p_anchor_sequence bigint, p_anchor_hash text, p_limit bigint default 250000
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_first constant text := coalesce(p_stream, p_from, '');
  v_page record;
  v_faults jsonb;
  v_is_intact boolean;
begin
  perform private.require_role('compliance_admin', 'auditor', 'admin');
  if p_stream is not null and p_from is not null then
    raise exception 'Give a stream, or where to go on.' using errcode = 'NF001', detail = 'from_stream';
  elsif p_stream is null and pg_catalog.num_nonnulls(p_anchor_sequence, p_anchor_hash) > 0 then
    raise exception 'An anchor belongs to a stream.' using errcode = 'NF001', detail = 'stream';
  elsif pg_catalog.num_nonnulls(p_anchor_sequence, p_anchor_hash) = 1 then
    raise exception 'An anchor is a sequence and a hash.' using errcode = 'NF001',
      detail = case when p_anchor_hash is null then 'anchor_hash' else 'anchor_sequence' end;
  end if;
  select * into v_page from private.audit_verify_page(v_first, p_limit) as page;
  if p_stream is not null then
    v_page.last := p_stream;
    v_page.next := null;
  end if;

  with found as (
    select * from private.audit_faults(v_first, v_page.last)
    union all
    select p_stream, p_anchor_sequence, 'anchor'
    where p_anchor_sequence is not null and not exists (
      select from private.audit_log as entry
      where entry.stream = p_stream and entry.sequence = p_anchor_sequence
        and entry.hash = pg_catalog.decode(p_anchor_hash, 'hex'))
  ),
  shown as (
    select * from found order by found.stream, found.sequence, found.fault limit 100
  )
  select not exists (select from found), coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
    'stream', shown.stream, 'sequence', greatest(shown.sequence, 1), 'fault', shown.fault)
    order by shown.stream, shown.sequence, shown.fault), '[]')
  into v_is_intact, v_faults
  from shown;
  return pg_catalog.jsonb_build_object(
    'intact', v_is_intact, 'complete', v_page.next is null, 'next_stream', v_page.next,
    'checked_streams', (
      select count(*) from private.audit_heads as head where head.stream between v_first and v_page.last),
    'checked_entries', (
      select count(*) from private.audit_log as entry where entry.stream between v_first and v_page.last),
    'anchor_checked', p_anchor_sequence is not null, 'faults', v_faults,
    'checked_at', private.iso(pg_catalog.clock_timestamp()));
end
$$;
comment on function private.verify_audit(text, text, bigint, text, bigint) is
  'Check of the audit for staff. Why definer: the log is granted to nobody; the role is checked first.';
grant execute on function private.verify_audit(text, text, bigint, text, bigint) to authenticated;
