/*
 * Decisions of staff by one person or two: all of them go through private.kyc_decide_or_propose, votes through
 * private.kyc_vote, and private.kyc_transition refuses what neither has let through.
 *
 * Touches: private.kyc_decide_or_propose and its parts.
 * Not granted: to any API role; the functions of staff call them.
 */

/*
 * Locks a verification that staff is about to decide. p_expected_version: null for any.
 * Raises NF020, NF010 (the own verification, also under another account), NF050 (changed since).
 */
create function private.kyc_lock_for_decision(p_verification_id uuid, p_staff_id uuid, p_expected_version integer)
returns public.kyc_verifications
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_verification public.kyc_verifications;
begin
  select * into v_verification from public.kyc_verifications where verification_id = p_verification_id for update;
  if not found then
    raise exception 'There is no such verification.' using errcode = 'NF020';
  end if;
  if private.is_same_person(v_verification.user_id, p_staff_id) then
    raise exception 'You may not decide your own verification.' using errcode = 'NF010';
  end if;
  if v_verification.version <> p_expected_version then
    raise exception 'The verification has changed since it was read.' using errcode = 'NF050';
  end if;
  return v_verification;
end
$$;
comment on function private.kyc_lock_for_decision(uuid, uuid, integer) is
  'Locks a case for a decision. Why definer: nobody may lock verifications.';

/*
 * What an action needs besides its move, whoever decides and when: checked when it is proposed, and again when
 * it is carried out. Raises NF001, NF031 (detail = the open one), NF034, NF047.
 */
create function private.kyc_check_decision(
  p_verification public.kyc_verifications, p_action text, p_reason_code text, p_documents jsonb
)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_open uuid;
begin
  if p_reason_code is not null and not exists (select from private.kyc_reason_codes where code = p_reason_code) then
    raise exception 'There is no such reason code.' using errcode = 'NF001', detail = 'reason_code';
  elsif p_action <> 'request_resubmission' and p_documents is not null then
    raise exception 'Documents belong to a request for resubmission.' using errcode = 'NF001', detail = 'documents';
  elsif p_action = 'approve' then
    perform private.kyc_require_screening_decided(p_verification.verification_id);
  elsif p_action = 'request_resubmission' then
    if p_verification.attempt >= p_verification.max_attempts then
      raise exception 'No attempts are left.' using errcode = 'NF034';
    end if;
    perform private.kyc_check_replacements(p_verification.verification_id, p_documents);
  elsif p_action = 'reopen' then
    select verification_id into v_open from public.kyc_verifications
    where user_id = p_verification.user_id and private.kyc_is_open(status) limit 1;
    if found then
      raise exception 'The person has another verification open.' using errcode = 'NF031', detail = v_open::text;
    end if;
  end if;
end
$$;
comment on function private.kyc_check_decision(public.kyc_verifications, text, text, jsonb) is
  'Checks a decision. Why definer: documents and hits of others are granted to nobody.';

/* The answer about a case (schema AdminKycActionResult). */
create function private.kyc_action_result(p_verification public.kyc_verifications, p_result text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'result', p_result, 'verification_id', p_verification.verification_id, 'status', p_verification.status,
    'version', p_verification.version, 'attempt', p_verification.attempt,
    'pending_approval', private.kyc_pending_approval(p_verification));
end
$$;
comment on function private.kyc_action_result(public.kyc_verifications, text) is
  'Answer about a case. Why definer: part of functions that are.';

/* Makes the move of a decision. p_second: who confirmed it, null where one person decides. Raises NF031. */
create function private.kyc_carry_out(
  p_verification public.kyc_verifications, p_action text, p_to public.kyc_status, p_reason_code text,
  p_documents jsonb, p_first uuid, p_second uuid
)
returns public.kyc_verifications
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if p_action = 'request_resubmission' then
    perform private.kyc_request_replacements(p_verification.verification_id, p_documents);
  end if;
  return private.kyc_transition(
    p_verification.verification_id, p_to, 'staff', p_first::text, p_reason_code, p_verification.version, null,
    p_second::text);
exception when unique_violation then
  -- The person has started another verification at the same moment.
  raise exception 'The person has another verification open.' using errcode = 'NF031';
end
$$;
comment on function private.kyc_carry_out(
  public.kyc_verifications, text, public.kyc_status, text, jsonb, uuid, uuid) is
  'Carries a decision out. Why definer: nobody may write status.';

/*
 * Records a decision for a second person. A new one replaces the own one that waits, and one that is no longer
 * current. The version stays: the person sees it, and would learn from it how grave the case is.
 * Raises NF049 (somebody else's waits; detail = its id).
 */
create function private.kyc_propose(
  p_verification public.kyc_verifications, p_action text, p_to public.kyc_status, p_reason_code text, p_note text,
  p_documents jsonb, p_staff_id uuid
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := private.now();
  v_open private.kyc_approvals;
  v_id uuid;
begin
  perform private.kyc_end_hold(p_verification.verification_id);
  select * into v_open from private.kyc_approvals
  where verification_id = p_verification.verification_id and outcome is null for update;
  if found then
    if v_open.requested_by <> p_staff_id and private.kyc_is_current(v_open, p_verification) then
      raise exception 'A decision waits for a second person already.' using errcode = 'NF049',
        detail = v_open.approval_id::text;
    end if;
    perform private.kyc_close_approval(v_open, 'replaced');
  end if;
  insert into private.kyc_approvals (
    verification_id, action, from_status, to_status, reason_code, note, documents, attempt, version, case_hash,
    requested_by, requested_at, expires_at)
  select p_verification.verification_id, p_action, p_verification.status, p_to, p_reason_code, p_note, p_documents,
    p_verification.attempt, p_verification.version, private.kyc_case_hash(p_verification), p_staff_id, v_now,
    v_now + settings.second_vote_ttl
  from private.settings as settings
  returning approval_id into v_id;
  perform private.audit_append(
    'kyc:' || p_verification.verification_id, 'staff', p_staff_id::text, 'kyc.decision_requested', 'kyc_verification',
    p_verification.verification_id::text, null, pg_catalog.jsonb_build_object(
      'approval_id', v_id, 'action', p_action, 'attempt', p_verification.attempt, 'version', p_verification.version));
  return private.kyc_action_result(p_verification, 'pending_second_approval');
end
$$;
comment on function private.kyc_propose(
  public.kyc_verifications, text, public.kyc_status, text, text, jsonb, uuid) is
  'Records a decision for a second person. Why definer: requests are granted to nobody.';

/*
 * Decides a locked case, at once where one person is enough, otherwise by asking for a second one.
 * Returns: schema AdminKycActionResult.
 * Raises NF032 (state), NF064, NF001, NF031, NF034, NF047, NF049.
 */
create function private.kyc_decide_or_propose(
  p_verification public.kyc_verifications, p_action text, p_to public.kyc_status, p_reason_code text, p_note text,
  p_documents jsonb, p_staff_id uuid
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_rule constant private.kyc_transitions :=
    private.kyc_check_transition(p_verification.status, p_to, 'staff', p_reason_code, null);
  v_after public.kyc_verifications;
begin
  if coalesce(pg_catalog.char_length(p_note), 1) not between 1 and 4000 then
    raise exception 'A note has 1 to 4000 characters.' using errcode = 'NF001', detail = 'note';
  end if;
  perform private.kyc_check_decision(p_verification, p_action, p_reason_code, p_documents);
  if private.kyc_needs_two(v_rule.four_eyes, p_verification, p_to) then
    return private.kyc_propose(p_verification, p_action, p_to, p_reason_code, p_note, p_documents, p_staff_id);
  end if;
  v_after := private.kyc_carry_out(p_verification, p_action, p_to, p_reason_code, p_documents, p_staff_id, null);
  insert into private.kyc_reviews (verification_id, reviewer_id, action, reason_code, note, attempt, version)
  values (p_verification.verification_id, p_staff_id, p_action, p_reason_code, p_note, p_verification.attempt,
    p_verification.version);
  return private.kyc_action_result(v_after, 'applied');
end
$$;
comment on function private.kyc_decide_or_propose(
  public.kyc_verifications, text, public.kyc_status, text, text, jsonb, uuid) is
  'Decides, or asks for a second person. Why definer: nobody may write what it writes.';
