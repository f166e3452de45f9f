/*
 * Verifications as rows of a table for other programs. What is exported is fixed and written down first; the
 * rows are read in parts afterwards, so that neither a long transaction nor much memory is needed.
 *
 * Touches: private.kyc_export, private.kyc_export_rows.
 * Not granted: to `anon` and `service_role`: an export has a person behind it.
 */

/*
 * Begins an export. p_filter: {status [..], risk_level [..], reason_code [..], country, created_from,
 * created_to}, each optional. p_limit: more than so many are refused. The own verifications are left out.
 * Returns {export_id, verification_ids}, the oldest first; the audit has filters and number under export_id.
 * May be called by: compliance_admin, auditor. Raises NF002, NF010, NF011, NF001 (more than p_limit match).
 */
create function private.kyc_export(p_filter jsonb, p_limit integer)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_actor constant uuid := private.require_role('compliance_admin', 'auditor');
  v_id constant uuid := private.uuid_v7();
  v_own constant uuid[] := private.accounts_of_person(v_actor);
  v_ids uuid[];
begin
  perform private.require_aal2();
  select pg_catalog.array_agg(found.verification_id order by found.created_at, found.verification_id) into v_ids
  from (
    select verification.verification_id, verification.created_at
    from public.kyc_verifications as verification
    join private.kyc_cases as cases on cases.verification_id = verification.verification_id
    where verification.user_id <> all (v_own)
      and (not p_filter ? 'status' or p_filter -> 'status' ? verification.status::text)
      and (not p_filter ? 'risk_level' or p_filter -> 'risk_level' ? cases.risk_level::text)
      and (not p_filter ? 'reason_code' or p_filter -> 'reason_code' ? cases.reason_code)
      and (not p_filter ? 'created_from' or verification.created_at >= (p_filter ->> 'created_from')::timestamptz)
      and (not p_filter ? 'created_to' or verification.created_at < (p_filter ->> 'created_to')::timestamptz)
      and (not p_filter ? 'country' or exists (
        select from public.addresses as address
        where address.user_id = verification.user_id and address.country = p_filter ->> 'country'))
    limit p_limit + 1
  ) as found;
  if pg_catalog.cardinality(v_ids) > p_limit then
    raise exception 'More than % verifications match. Narrow the filters.', p_limit using errcode = 'NF001';
  end if;
  perform private.audit_append('staff:' || v_actor, 'staff', v_actor::text, 'kyc.exported', 'kyc_export', v_id::text, null,
    pg_catalog.jsonb_build_object('filters', p_filter, 'rows', coalesce(pg_catalog.cardinality(v_ids), 0)));
  return pg_catalog.jsonb_build_object('export_id', v_id, 'verification_ids', pg_catalog.to_jsonb(coalesce(v_ids, '{}')));
end
$$;
comment on function private.kyc_export(jsonb, integer) is
  'Begins an export. Why definer: cases are granted to nobody; the role is checked first.';
grant execute on function private.kyc_export(jsonb, integer) to authenticated;

/*
 * Rows of an export, in the order of p_ids: JSON arrays of text and numbers in the order of the contract's columns,
 * without the id of the export. What has gone meanwhile is left out.
 * May be called by: compliance_admin, auditor. Raises NF002, NF010, NF011.
 */
create function private.kyc_export_rows(p_ids jsonb)
returns setof jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_role('compliance_admin', 'auditor');
  perform private.require_aal2();
  return query
  select pg_catalog.jsonb_build_array(
    verification.verification_id, verification.user_id, verification.status, verification.attempt, cases.reason_code,
    cases.risk_level, address.country,
    case when cases.lease_expires_at > private.now() then cases.assignee_id end,
    private.iso(verification.created_at), private.iso(verification.submitted_at),
    private.iso(verification.status_changed_at), private.iso(verification.expires_at))
  from pg_catalog.jsonb_array_elements_text(p_ids) with ordinality as wanted (id, place)
  join public.kyc_verifications as verification on verification.verification_id = wanted.id::uuid
  join private.kyc_cases as cases on cases.verification_id = verification.verification_id
  left join public.addresses as address on address.user_id = verification.user_id
  order by wanted.place;
end
$$;
comment on function private.kyc_export_rows(jsonb) is
  'Rows of an export. Why definer: cases are granted to nobody; the role is checked first.';
grant execute on function private.kyc_export_rows(jsonb) to authenticated;
