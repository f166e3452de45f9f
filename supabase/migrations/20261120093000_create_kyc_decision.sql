/*
 * The decision of staff.
 *
 * Touches: private.kyc_decide; the parts that it shares with other decisions are in 20261128090200.
 * Not granted: to `anon` and `service_role`: a decision has a person behind it.
 */

/* Refuses documents to replace that are missing, not well-formed or not current here. Raises NF001. */
create function private.kyc_check_replacements(p_verification_id uuid, p_documents jsonb)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  if coalesce(pg_catalog.jsonb_array_length(p_documents), 0) = 0 then
    raise exception 'Name the documents to replace.' using errcode = 'NF001', detail = 'documents';
  end if;
  if (
    select count(distinct document.document_id)
    from pg_catalog.jsonb_to_recordset(p_documents) as item (document_id uuid, reason_code public.kyc_user_reason_code)
    join public.kyc_documents as document on document.document_id = item.document_id
    where item.reason_code is not null and document.verification_id = p_verification_id
      and document.replaced_at is null
  ) <> pg_catalog.jsonb_array_length(p_documents) then
    raise exception 'Not every document is a current one of this verification.' using errcode = 'NF001', detail = 'documents';
  end if;
exception when invalid_text_representation then
  raise exception 'The documents are not valid.' using errcode = 'NF001', detail = 'documents';
end
$$;
comment on function private.kyc_check_replacements(uuid, jsonb) is
  'Checks documents to replace. Why definer: those of others are hidden.';

/* Marks the documents that the person has to replace. They have been checked. */
create function private.kyc_request_replacements(p_verification_id uuid, p_documents jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  update public.kyc_documents as document
  set status = 'rejected', reason_code = item.reason_code, updated_at = private.now()
  from pg_catalog.jsonb_to_recordset(p_documents) as item (document_id uuid, reason_code public.kyc_user_reason_code)
  where document.document_id = item.document_id
    and document.verification_id = p_verification_id
    and document.replaced_at is null;
end
$$;
comment on function private.kyc_request_replacements(uuid, jsonb) is
  'Rejects documents for staff. Why definer: nobody may update documents.';

/*
 * Decides a case, or asks for a second person where the rules want two. p_decision: approve | reject |
 * request_resubmission; p_reason_code: required unless it approves (then manual_check); p_documents:
 * [{document_id, reason_code}] for request_resubmission, null otherwise; p_expected_version: the version that
 * the reviewer has seen. Either way it ends the hold.
 * Returns: {result, verification_id, status, version, attempt, pending_approval} (schema AdminKycActionResult).
 * May be called by: reviewer, approver, compliance_admin.
 * Raises NF010, NF011, NF020, NF050 (changed since), NF037 (somebody else holds the case), NF032 (state), NF034
 * (no attempt left to ask for), NF047 (approve, with hits undecided; detail = their ids), NF064 (reason missing),
 * NF001 (documents, reason), NF049 (somebody else's decision waits for a second person).
 */
create function private.kyc_decide(
  p_verification_id uuid, p_decision text, p_reason_code text, p_note text, p_documents jsonb,
  p_expected_version integer
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_staff_id constant uuid := private.require_role('reviewer', 'approver', 'compliance_admin');
  v_to constant public.kyc_status := case p_decision
    when 'approve' then 'approved' when 'reject' then 'rejected'
    when 'request_resubmission' then 'resubmission_required' end;
  v_reason_code constant text := coalesce(p_reason_code, case when p_decision = 'approve' then 'manual_check' end);
  v_verification public.kyc_verifications;
begin
  perform private.require_aal2();
  if v_to is null then
    raise exception 'There is no such decision.' using errcode = 'NF001', detail = 'decision';
  end if;
  v_verification := private.kyc_lock_for_decision(p_verification_id, v_staff_id, p_expected_version);
  perform private.kyc_require_holder(p_verification_id);
  return private.kyc_decide_or_propose(
    v_verification, p_decision, v_to, v_reason_code, p_note, p_documents, v_staff_id);
end
$$;
comment on function private.kyc_decide(uuid, text, text, text, jsonb, integer) is
  'Decides a case. Why definer: nobody may write status; the role is checked first.';
grant execute on function private.kyc_decide(uuid, text, text, text, jsonb, integer) to authenticated;
