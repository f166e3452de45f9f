/*
 * When two people are needed, and whether a request is still about the case as it is.
 *
 * Touches: private.kyc_hit_waits_for_two, private.kyc_is_grave, private.kyc_is_for_staff, private.kyc_needs_two,
 * private.kyc_case_hash, private.kyc_is_current, private.kyc_pending_approval.
 * Not granted: to any API role; the functions of staff call them.
 */

/*
 * Whether one person alone has dismissed a hit of this person on a list of sanctions or politically exposed
 * persons: no two people have approved a verification of theirs since. The hit no longer weighs in the next
 * submission, so the dismissal itself has to.
 */
create function private.kyc_hit_waits_for_two(p_user_id uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return exists (
    select from private.screening_hits as hit
    where hit.user_id = p_user_id and hit.status = 'dismissed' and hit.kind in ('sanctions', 'pep')
      and not exists (
        select from private.kyc_approvals as approval
        join public.kyc_verifications as verification using (verification_id)
        where verification.user_id = p_user_id and approval.to_status = 'approved'
          and approval.outcome = 'confirmed' and approval.closed_at > hit.decided_at));
end
$$;
comment on function private.kyc_hit_waits_for_two(uuid) is
  'Whether a dismissal is of one person alone. Why definer: hits and requests are granted to nobody.';

/*
 * Whether the current attempt was at high or critical risk at any time, or has been put before two people, or a hit
 * of the person was dismissed by one person alone, in whichever verification. The newest level alone does not
 * count: a hit that one person dismissed lowers it. Without an assessment the risk is not known to be low.
 */
create function private.kyc_is_grave(p_verification public.kyc_verifications)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return coalesce((
    select risk_level >= 'high' from private.kyc_cases where verification_id = p_verification.verification_id
  ), true) or private.kyc_hit_waits_for_two(p_verification.user_id) or exists (
    select from private.risk_assessments
    where verification_id = p_verification.verification_id and attempt = p_verification.attempt and level >= 'high'
  ) or exists (
    select from private.kyc_approvals
    where verification_id = p_verification.verification_id and attempt = p_verification.attempt
      and from_status = 'in_review'
  );
end
$$;
comment on function private.kyc_is_grave(public.kyc_verifications) is
  'Whether a case is for two people. Why definer: risk and requests are granted to nobody.';

/*
 * Whether no provider may approve the current attempt any more: the rules have kept it from that at high or critical
 * risk, or it has been put before two people, or one person alone has dismissed a hit. Sending it again, or beginning
 * another verification, does not get around them. High risk that no rule sends to staff does not count: there the provider's word is enough.
 */
create function private.kyc_is_for_staff(p_verification public.kyc_verifications)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return private.kyc_hit_waits_for_two(p_verification.user_id) or exists (
    select from private.risk_assessments
    where verification_id = p_verification.verification_id and attempt = p_verification.attempt
      and level >= 'high' and requires_review
  ) or exists (
    select from private.kyc_approvals
    where verification_id = p_verification.verification_id and attempt = p_verification.attempt
      and from_status = 'in_review'
  );
end
$$;
comment on function private.kyc_is_for_staff(public.kyc_verifications) is
  'Whether only staff approves. Why definer: assessments and requests are granted to nobody.';

/*
 * Whether a move of staff needs two people. p_four_eyes: of private.kyc_transitions. What has been approved once is
 * not taken away by one person by way of another review; a revocation would need two.
 */
create function private.kyc_needs_two(
  p_four_eyes text, p_verification public.kyc_verifications, p_to public.kyc_status
)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return p_four_eyes = 'always' or p_four_eyes = 'high_risk' and (
    private.kyc_is_grave(p_verification)
    or p_to <> 'approved' and exists (
      select from private.kyc_cases
      where verification_id = p_verification.verification_id and approved_at is not null));
end
$$;
comment on function private.kyc_needs_two(text, public.kyc_verifications, public.kyc_status) is
  'Four-eyes rule. Why definer: part of functions that are.';

/*
 * A hash of what is judged: state, risk, documents and hits of a case. What the person may change meanwhile,
 * such as a phone number, is not in it: it was not judged, and nobody can hold up a decision with it.
 */
create function private.kyc_case_hash(p_verification public.kyc_verifications)
returns bytea
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.jsonb_build_object(
    'verification', p_verification.verification_id, 'status', p_verification.status,
    'version', p_verification.version, 'attempt', p_verification.attempt,
    'risk', (
      select pg_catalog.jsonb_build_array(risk_level, risk_score) from private.kyc_cases
      where verification_id = p_verification.verification_id),
    'documents', (
      select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(document_id, sha256, status) order by document_id)
      from public.kyc_documents
      where verification_id = p_verification.verification_id and replaced_at is null),
    'hits', (
      select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(hit_id, entry_hash, status) order by hit_id)
      from private.screening_hits where user_id = p_verification.user_id)
  )::text, 'UTF8'));
end
$$;
comment on function private.kyc_case_hash(public.kyc_verifications) is
  'Hash of a case. Why definer: cases and hits are granted to nobody.';

/* The roles that may propose an action, and carry it out where one person is enough. */
create function private.kyc_roles_for(p_action text)
returns public.staff_role[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return case when p_action in ('revoke', 'reopen') then array['compliance_admin']
    else array['reviewer', 'approver', 'compliance_admin'] end;
end
$$;
comment on function private.kyc_roles_for(text) is 'Who may decide what.';

/*
 * Whether an open request may still be confirmed: in time, about the case as it is, and made by somebody who
 * could make it now.
 */
create function private.kyc_is_current(p_approval private.kyc_approvals, p_verification public.kyc_verifications)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return p_approval.outcome is null and p_approval.expires_at > private.now()
    and p_approval.version = p_verification.version
    and p_approval.case_hash = private.kyc_case_hash(p_verification)
    and exists (
      select
      from private.user_roles as assigned
      join public.profiles as author on author.user_id = assigned.user_id
      where assigned.user_id = p_approval.requested_by
        and assigned.role = any (private.kyc_roles_for(p_approval.action))
        and author.suspended_at is null and not author.is_soft_deleted);
end
$$;
comment on function private.kyc_is_current(private.kyc_approvals, public.kyc_verifications) is
  'Whether a request still holds. Why definer: cases, roles and profiles are granted to nobody.';

/*
 * Names exactly what a vote is about. The reasons of the first person are not in it: they are few, and who
 * sees the hash could find them by trying.
 */
create function private.kyc_request_hash(p_approval private.kyc_approvals)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.concat_ws('|',
    p_approval.approval_id, p_approval.verification_id, p_approval.action, p_approval.from_status, p_approval.to_status,
    p_approval.version, private.kyc_document_ids(p_approval.documents), p_approval.requested_by,
    pg_catalog.encode(p_approval.case_hash, 'hex')), 'UTF8')), 'hex');
end
$$;
comment on function private.kyc_request_hash(private.kyc_approvals) is 'Hash of a request.';

/* The ids in [{document_id, reason_code}], as a JSON array. */
create function private.kyc_document_ids(p_documents jsonb)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_path_query_array(coalesce(p_documents, '[]'), '$[*].document_id');
end
$$;
comment on function private.kyc_document_ids(jsonb) is 'Documents of a request.';

/* The decision on a case that waits for a second person (schema AdminPendingApproval), or null. */
create function private.kyc_pending_approval(p_verification public.kyc_verifications)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_open private.kyc_approvals;
begin
  select * into v_open from private.kyc_approvals
  where verification_id = p_verification.verification_id and outcome is null;
  if not found then
    return null;
  end if;
  return case when private.kyc_is_current(v_open, p_verification) then pg_catalog.jsonb_build_object(
    'approval_id', v_open.approval_id, 'request_hash', private.kyc_request_hash(v_open), 'action', v_open.action,
    'from_status', v_open.from_status, 'to_status', v_open.to_status, 'version', v_open.version,
    'document_ids', private.kyc_document_ids(v_open.documents), 'requested_by', v_open.requested_by,
    'requested_at', private.iso(v_open.requested_at), 'expires_at', private.iso(v_open.expires_at)) end;
end
$$;
comment on function private.kyc_pending_approval(public.kyc_verifications) is
  'A waiting decision, without its reasons. Why definer: requests are granted to nobody.';
