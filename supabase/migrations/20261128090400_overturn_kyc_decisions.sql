/*
 * What overturns a decision: the end of an approval, and a case that is put back into review.
 *
 * Touches: private.kyc_revoke, private.kyc_reopen.
 * Not granted: to `anon` and `service_role`: a decision has a person behind it.
 */

/*
 * Proposes to end an approval for good; always waits for a second person.
 * Returns: schema AdminKycActionResult.
 * May be called by: compliance_admin.
 * Raises NF010, NF011, NF020, NF050, NF032 (not approved), NF064, NF001, NF049.
 */
create function private.kyc_revoke(
  p_verification_id uuid, p_reason_code text, p_note text, p_expected_version integer
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_staff_id constant uuid := private.require_role('compliance_admin');
begin
  perform private.require_aal2();
  return private.kyc_decide_or_propose(
    private.kyc_lock_for_decision(p_verification_id, v_staff_id, p_expected_version),
    'revoke', 'revoked', p_reason_code, p_note, null, v_staff_id);
end
$$;
comment on function private.kyc_revoke(uuid, text, text, integer) is
  'Asks for the end of an approval. Why definer: requests are granted to nobody; the role is checked first.';
grant execute on function private.kyc_revoke(uuid, text, text, integer) to authenticated;

/*
 * Puts a decided case back into review: an approved one at once, a rejected one when a second person agrees.
 * Returns: schema AdminKycActionResult.
 * May be called by: compliance_admin.
 * Raises NF010, NF011, NF020, NF050, NF032 (neither), NF031 (another one is open), NF064, NF001, NF049.
 */
create function private.kyc_reopen(
  p_verification_id uuid, p_reason_code text, p_note text, p_expected_version integer
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_staff_id constant uuid := private.require_role('compliance_admin');
  v_verification public.kyc_verifications;
begin
  perform private.require_aal2();
  v_verification := private.kyc_lock_for_decision(p_verification_id, v_staff_id, p_expected_version);
  if v_verification.status = 'processing' then
    -- A move of staff too, but another operation: nothing has been decided yet.
    raise exception 'Only a decided verification is reopened.' using errcode = 'NF032',
      detail = pg_catalog.jsonb_build_object('from', v_verification.status, 'to', 'in_review', 'actor', 'staff')::text;
  end if;
  return private.kyc_decide_or_propose(
    v_verification, 'reopen', 'in_review', p_reason_code, p_note, null, v_staff_id);
end
$$;
comment on function private.kyc_reopen(uuid, text, text, integer) is
  'Reopens a decided case. Why definer: nobody may write status; the role is checked first.';
grant execute on function private.kyc_reopen(uuid, text, text, integer) to authenticated;
