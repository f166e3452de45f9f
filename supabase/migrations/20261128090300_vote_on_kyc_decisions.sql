/*
 * The vote of the second person.
 *
 * Touches: private.kyc_vote.
 * Not granted: to `anon` and `service_role`: a vote has a person behind it.
 */

/*
 * The request that p_approval_id names, if this person may vote on it now. The verification is locked.
 * Raises NF013 (who made it, also under another account), NF010 (role), NF038 (voted on), NF039 (lapsed,
 * replaced, or something has changed since).
 */
create function private.kyc_votable_approval(
  p_verification public.kyc_verifications, p_approval_id uuid, p_request_hash text, p_staff_id uuid
)
returns private.kyc_approvals
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_approval private.kyc_approvals;
begin
  select * into v_approval from private.kyc_approvals
  where approval_id = p_approval_id and verification_id = p_verification.verification_id for update;
  if not found then
    raise exception 'This request is not current.' using errcode = 'NF039';
  end if;
  if private.is_same_person(v_approval.requested_by, p_staff_id) then
    raise exception 'The second vote must come from another person.' using errcode = 'NF013';
  end if;
  if v_approval.action in ('revoke', 'reopen') then
    perform private.require_role('compliance_admin');
  end if;
  if v_approval.outcome in ('confirmed', 'declined') then
    raise exception 'This request has been voted on.' using errcode = 'NF038';
  end if;
  if not private.kyc_is_current(v_approval, p_verification)
    or private.kyc_request_hash(v_approval) is distinct from p_request_hash then
    raise exception 'This request is not current.' using errcode = 'NF039';
  end if;
  return v_approval;
end
$$;
comment on function private.kyc_votable_approval(public.kyc_verifications, uuid, text, uuid) is
  'Checks a vote. Why definer: requests are granted to nobody.';

/* Writes the votes of both down: from now on each may be read. */
create function private.kyc_record_votes(
  p_approval private.kyc_approvals, p_vote text, p_reason_code text, p_note text, p_staff_id uuid
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  -- Reviews are listed by id, and ids grow with time: the first vote was cast when it was asked for.
  insert into private.kyc_reviews (
    review_id, verification_id, approval_id, reviewer_id, action, vote, reason_code, note, attempt, version, created_at)
  values (
    p_approval.approval_id, p_approval.verification_id, p_approval.approval_id, p_approval.requested_by, p_approval.action, 'propose',
    p_approval.reason_code, p_approval.note, p_approval.attempt, p_approval.version, p_approval.requested_at);
  insert into private.kyc_reviews (
    verification_id, approval_id, reviewer_id, action, vote, reason_code, note, attempt, version)
  values (
    p_approval.verification_id, p_approval.approval_id, p_staff_id, p_approval.action, p_vote, p_reason_code, p_note,
    p_approval.attempt, p_approval.version);
  perform private.audit_append(
    'kyc:' || p_approval.verification_id, 'staff', p_staff_id::text,
    case p_vote when 'confirm' then 'kyc.decision_confirmed' else 'kyc.decision_declined' end,
    'kyc_verification', p_approval.verification_id::text, p_reason_code, pg_catalog.jsonb_build_object(
      'approval_id', p_approval.approval_id, 'action', p_approval.action, 'attempt', p_approval.attempt,
      'requested_by', p_approval.requested_by));
end
$$;
comment on function private.kyc_record_votes(private.kyc_approvals, text, text, text, uuid) is
  'Keeps the votes. Why definer: reviews are granted to nobody.';

/*
 * Casts the second vote on a decision. p_vote: confirm | decline; p_request_hash: of the request that was read;
 * p_reason_code: the voter's own, required to decline. The voter need not hold the case.
 * Returns: schema AdminKycActionResult.
 * May be called by: approver, compliance_admin; to revoke or reopen, compliance_admin.
 * Raises NF010, NF011, NF013, NF020, NF038, NF039, NF064 (reason to decline missing), NF001, NF031, NF034, NF047.
 */
create function private.kyc_vote(
  p_verification_id uuid, p_approval_id uuid, p_request_hash text, p_vote text, p_reason_code text, p_note text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_staff_id constant uuid := private.require_role('approver', 'compliance_admin');
  v_verification public.kyc_verifications;
  v_approval private.kyc_approvals;
begin
  perform private.require_aal2();
  v_verification := private.kyc_lock_for_decision(p_verification_id, v_staff_id, null);
  v_approval := private.kyc_votable_approval(v_verification, p_approval_id, p_request_hash, v_staff_id);
  if p_vote is null or p_vote not in ('confirm', 'decline') then
    raise exception 'There is no such vote.' using errcode = 'NF001', detail = 'vote';
  elsif p_vote = 'decline' and p_reason_code is null then
    raise exception 'Say why not.' using errcode = 'NF064';
  elsif p_reason_code is not null and not exists (select from private.kyc_reason_codes where code = p_reason_code) then
    raise exception 'There is no such reason code.' using errcode = 'NF001', detail = 'reason_code';
  elsif coalesce(pg_catalog.char_length(p_note), 1) not between 1 and 4000 then
    raise exception 'A note has 1 to 4000 characters.' using errcode = 'NF001', detail = 'note';
  end if;

  update private.kyc_approvals
  set outcome = case p_vote when 'confirm' then 'confirmed' else 'declined' end, voter_id = v_staff_id,
    closed_at = private.now()
  where approval_id = v_approval.approval_id;
  if p_vote = 'decline' then
    perform private.kyc_record_votes(v_approval, p_vote, p_reason_code, p_note, v_staff_id);
    return private.kyc_action_result(v_verification, 'declined');
  end if;
  perform private.kyc_check_decision(v_verification, v_approval.action, v_approval.reason_code, v_approval.documents);
  v_verification := private.kyc_carry_out(
    v_verification, v_approval.action, v_approval.to_status, v_approval.reason_code, v_approval.documents,
    v_approval.requested_by, v_staff_id);
  perform private.kyc_record_votes(v_approval, p_vote, p_reason_code, p_note, v_staff_id);
  return private.kyc_action_result(v_verification, 'applied');
end
$$;
comment on function private.kyc_vote(uuid, uuid, text, text, text, text) is
  'Casts the second vote. Why definer: nobody may write status; the role is checked first.';
grant execute on function private.kyc_vote(uuid, uuid, text, text, text, text) to authenticated;
