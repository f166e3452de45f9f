/*
 * The decision of staff.
 *
 * Touches: private.kyc_decide.
 * Not granted: to `anon` and `service_role`: a decision has a person behind it.
 */

/* Marks the documents that the person has to replace; refuses those that are not current here. */
create function private.kyc_request_replacements(p_verification_id uuid, p_documents jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_marked integer;
begin
  if coalesce(pg_catalog.jsonb_array_length(p_documents), 0) = 0 then
    raise exception 'Name the documents to replace.' using errcode = 'NF001', detail = 'documents';
  end if;
  update public.kyc_documents as document
  set status = 'rejected', reason_code = item.reason_code, updated_at = private.now()
  from pg_catalog.jsonb_to_recordset(p_documents) as item (document_id uuid, reason_code public.kyc_user_reason_code)
  where document.document_id = item.document_id
    and document.verification_id = p_verification_id
    and document.replaced_at is null;
  get diagnostics v_marked = row_count;
  if v_marked <> pg_catalog.jsonb_array_length(p_documents) then
    raise exception 'Not every document is a current one of this verification.' using errcode = 'NF001', detail = 'documents';
  end if;
exception when invalid_text_representation then
  raise exception 'The documents are not valid.' using errcode = 'NF001', detail = 'documents';
end
$$;
comment on function private.kyc_request_replacements(uuid, jsonb) is
  'Rejects documents for staff. Why definer: nobody may update documents.';

/*
 * Decides a case. p_decision: approve | reject | request_resubmission; p_reason_code: required unless it
 * approves (then manual_check); p_documents: [{document_id, reason_code}] for request_resubmission, null
 * otherwise; p_expected_version: the version that the reviewer has seen.
 * Returns: {result, verification_id, status, version, attempt, pending_approval} (schema AdminKycActionResult).
 * May be called by: reviewer, approver, compliance_admin.
 * Raises NF010, NF011, NF020, NF050 (changed since), NF037 (somebody else holds the case), NF032 (state), NF034
 * (no attempt left to ask for), NF047 (approve, with hits undecided; detail = their ids), NF064 (reason missing),
 * NF001 (documents, reason), NF013 (second person).
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
  v_before public.kyc_verifications;
  v_after public.kyc_verifications;
  v_holder uuid;
begin
  perform private.require_aal2();
  if v_to is null then
    raise exception 'There is no such decision.' using errcode = 'NF001', detail = 'decision';
  end if;
  select * into v_before from public.kyc_verifications where verification_id = p_verification_id for update;
  if not found then
    raise exception 'There is no such verification.' using errcode = 'NF020';
  end if;
  if v_before.user_id = v_staff_id then
    raise exception 'You may not decide your own verification.' using errcode = 'NF010';
  end if;
  if v_before.version <> p_expected_version then
    raise exception 'The verification has changed since it was read.' using errcode = 'NF050';
  end if;
  select assignee_id into v_holder from private.kyc_cases
  where verification_id = p_verification_id and lease_expires_at > private.now();
  if v_holder <> v_staff_id then
    raise exception 'Another reviewer holds this case.' using errcode = 'NF037';
  end if;
  if p_decision = 'approve' and v_before.status = 'in_review' then
    perform private.kyc_require_screening_decided(p_verification_id);
  end if;

  if p_decision = 'request_resubmission' and v_before.status = 'in_review' then
    if v_before.attempt >= v_before.max_attempts then
      raise exception 'No attempts are left.' using errcode = 'NF034';
    end if;
    perform private.kyc_request_replacements(p_verification_id, p_documents);
  elsif p_documents is not null and p_decision <> 'request_resubmission' then
    raise exception 'Documents belong to a request for resubmission.' using errcode = 'NF001', detail = 'documents';
  end if;
  v_after := private.kyc_transition(p_verification_id, v_to, 'staff', v_staff_id::text, v_reason_code, p_expected_version);
  insert into private.kyc_reviews (verification_id, reviewer_id, action, reason_code, note, attempt, version)
  values (p_verification_id, v_staff_id, p_decision, v_reason_code, p_note, v_before.attempt, v_before.version);
  return pg_catalog.jsonb_build_object(
    'result', 'applied', 'verification_id', p_verification_id, 'status', v_after.status,
    'version', v_after.version, 'attempt', v_after.attempt, 'pending_approval', null);
end
$$;
comment on function private.kyc_decide(uuid, text, text, text, jsonb, integer) is
  'Decides a case. Why definer: nobody may write status; the role is checked first.';
grant execute on function private.kyc_decide(uuid, text, text, text, jsonb, integer) to authenticated;
