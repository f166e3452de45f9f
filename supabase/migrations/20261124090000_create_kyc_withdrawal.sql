/*
 * What a person may take back: a document before it is handed in, or the whole verification; and the
 * list of the own verifications.
 *
 * Touches: private.kyc_list_verifications, private.kyc_delete_document, private.kyc_cancel_verification.
 * Not granted: to `anon` and `service_role`; each function acts for the signed-in person only.
 */

/*
 * The verifications of the signed-in person in the order of their creation, after p_after, at most p_limit
 * rows of (position, item); item as in schema VerificationSummary. Ids grow with time, so they are the order.
 * May be called by: a signed-in person. Raises NF010, NF012.
 */
create function private.kyc_list_verifications(p_is_newest_first boolean, p_after uuid, p_limit integer)
returns table ("position" uuid, item jsonb)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_account();
begin
  return query
  select verification.verification_id, pg_catalog.jsonb_build_object(
    'verification_id', verification.verification_id, 'previous_id', verification.previous_id,
    'status', verification.status, 'attempt', verification.attempt, 'reason_code', verification.reason_code,
    'expires_at', private.iso(verification.expires_at), 'created_at', private.iso(verification.created_at),
    'updated_at', private.iso(verification.updated_at))
  from public.kyc_verifications as verification
  where verification.user_id = v_user_id
    and (p_after is null
      or case when p_is_newest_first then verification.verification_id < p_after
        else verification.verification_id > p_after end)
  order by
    case when p_is_newest_first then verification.verification_id end desc,
    case when not p_is_newest_first then verification.verification_id end
  limit p_limit;
end
$$;
comment on function private.kyc_list_verifications(boolean, uuid, integer) is 'Own verifications.';
grant execute on function private.kyc_list_verifications(boolean, uuid, integer) to authenticated;

/*
 * Takes a document out of an editable verification and queues the removal of its file. The row stays for
 * the record. What was handed in with an earlier attempt stays: it is replaced by a new file or kept.
 * May be called by: a signed-in person.
 * Raises NF010, NF012, NF020 (also when it is gone already), NF033 (detail = the document's status where
 * that is the reason).
 */
create function private.kyc_delete_document(p_verification_id uuid, p_document_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_account();
  v_verification constant public.kyc_verifications := private.kyc_lock_editable(p_verification_id, v_user_id);
  v_now constant timestamptz := private.now();
  v_document public.kyc_documents;
begin
  select * into v_document from public.kyc_documents
  where document_id = p_document_id and verification_id = p_verification_id and replaced_at is null;
  if not found then
    raise exception 'There is no such document.' using errcode = 'NF020';
  end if;
  if v_document.status = 'accepted' or v_document.attempt <= v_verification.attempt then
    raise exception 'The document was handed in; it can only be replaced where that is asked for.'
      using errcode = 'NF033', detail = v_document.status::text;
  end if;
  update public.kyc_documents set replaced_at = v_now, updated_at = v_now
  where document_id = p_document_id returning * into v_document;
  insert into private.outbox (topic, subject_id, idempotency_key, payload, next_attempt_at, created_at)
  values ('storage.remove', p_verification_id, 'delete:' || p_document_id,
    pg_catalog.jsonb_build_object('paths', pg_catalog.jsonb_build_array(v_document.storage_path)), v_now, v_now);
  perform private.kyc_document_changed(v_document, 'kyc.document_removed');
end
$$;
comment on function private.kyc_delete_document(uuid, uuid) is
  'Takes a document back. Why definer: people may neither update documents nor queue messages.';
grant execute on function private.kyc_delete_document(uuid, uuid) to authenticated;

/*
 * Ends an own draft, or a verification that waits for new documents, for good.
 * Returns: the verification (schema Verification).
 * May be called by: a signed-in person. Raises NF010, NF012, NF020, NF032 (any other state).
 */
create function private.kyc_cancel_verification(p_verification_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_account();
begin
  perform from public.kyc_verifications
  where verification_id = p_verification_id and user_id = v_user_id for update;
  if not found then
    raise exception 'There is no such verification.' using errcode = 'NF020';
  end if;
  return private.kyc_verification_json(
    private.kyc_transition(p_verification_id, 'cancelled', 'user', v_user_id::text));
end
$$;
comment on function private.kyc_cancel_verification(uuid) is
  'Gives a verification up. Why definer: people may not write status.';
grant execute on function private.kyc_cancel_verification(uuid) to authenticated;

comment on column public.kyc_documents.replaced_at is
  'When a newer file took its place, or the person took it back. Kept for the record.';
