/*
 * What a person does with a verification before submitting it: start it, announce documents, have them
 * checked.
 *
 * Touches: private.kyc_create_verification, private.kyc_add_document, private.kyc_complete_document.
 * Not granted: to `anon` and `service_role`; each function acts for the signed-in person only.
 */

/*
 * Starts a draft for the signed-in person.
 * Returns: the verification (schema Verification).
 * May be called by: a signed-in person.
 * Raises NF010, NF012, NF031 (one is open; detail = its id), NF034 (the last one ended with a final no).
 */
create function private.kyc_create_verification()
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_account();
  v_settings private.settings;
  v_last public.kyc_verifications;
  v_new public.kyc_verifications;
begin
  select * into v_last from public.kyc_verifications
  where user_id = v_user_id order by verification_id desc limit 1;
  if v_last.status in ('rejected', 'revoked') then
    raise exception 'The last verification ended with a final decision.' using errcode = 'NF034',
      detail = v_last.verification_id::text;
  end if;

  select * into strict v_settings from private.settings;
  insert into public.kyc_verifications (user_id, previous_id, max_attempts, deadline_at)
  values (v_user_id, v_last.verification_id, v_settings.max_attempts, private.now() + v_settings.draft_ttl)
  on conflict (user_id) where status in ('draft', 'submitted', 'processing', 'in_review', 'resubmission_required')
  do nothing
  returning * into v_new;
  if not found then
    raise exception 'A verification is already open.' using errcode = 'NF031', detail = (
      select verification_id::text from public.kyc_verifications
      where user_id = v_user_id and private.kyc_is_open(status));
  end if;

  insert into private.kyc_cases (verification_id, provider) values (v_new.verification_id, v_settings.default_provider);
  perform private.audit_append(
    'kyc:' || v_new.verification_id, 'user', v_user_id::text, 'kyc.created', 'kyc_verification',
    v_new.verification_id::text, null,
    pg_catalog.jsonb_build_object('to', 'draft', 'attempt', 0, 'version', 1));
  return private.kyc_verification_json(v_new);
end
$$;
comment on function private.kyc_create_verification() is
  'Starts a verification. Why definer: people may not insert verifications.';
grant execute on function private.kyc_create_verification() to authenticated;

/* The verification of the signed-in person, locked, if it may be changed now. Raises NF020, NF033. */
create function private.kyc_lock_editable(p_verification_id uuid, p_user_id uuid)
returns public.kyc_verifications
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_verification public.kyc_verifications;
begin
  select * into v_verification from public.kyc_verifications
  where verification_id = p_verification_id and user_id = p_user_id for update;
  if not found then
    raise exception 'There is no such verification.' using errcode = 'NF020';
  end if;
  if v_verification.status not in ('draft', 'resubmission_required') then
    raise exception 'A verification that is % accepts no changes.', v_verification.status using errcode = 'NF033',
      detail = v_verification.status::text;
  end if;
  return v_verification;
end
$$;
comment on function private.kyc_lock_editable(uuid, uuid) is
  'Locks an own, editable verification. Why definer: locking needs the right to update.';

/* Notes a change of the documents in the version of their verification and in the audit. */
create function private.kyc_document_changed(p_document public.kyc_documents, p_action text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  update public.kyc_verifications set version = version + 1, updated_at = private.now()
  where verification_id = p_document.verification_id;
  perform private.audit_append(
    'kyc:' || p_document.verification_id, 'user', p_document.user_id::text, p_action, 'kyc_document',
    p_document.document_id::text, p_document.reason_code::text,
    pg_catalog.jsonb_build_object('type', p_document.type, 'side', p_document.side, 'status', p_document.status,
      'attempt', p_document.attempt));
end
$$;
comment on function private.kyc_document_changed(public.kyc_documents, text) is
  'Version and audit of a document change. Why definer: called for people who may write neither.';

/*
 * Announces a document. One of the same type and side that is not uploaded or accepted is replaced.
 * Returns: {document: schema Document, storage_path}; upload to that name in the bucket kyc-documents.
 * May be called by: a signed-in person.
 * Raises NF010, NF012, NF020, NF033, NF035 (the side is there already), NF001 (side that the type lacks,
 * or a size outside the limits).
 */
create function private.kyc_add_document(
  p_verification_id uuid, p_type public.document_type, p_side public.document_side, p_content_type text,
  p_size_bytes integer, p_sha256 text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_account();
  v_verification constant public.kyc_verifications := private.kyc_lock_editable(p_verification_id, v_user_id);
  v_document_id constant uuid := private.uuid_v7();
  v_settings private.settings;
  v_document public.kyc_documents;
begin
  select * into strict v_settings from private.settings;
  if not exists (select from private.kyc_document_requirements where type = p_type and side = p_side) then
    raise exception 'A % has no % side.', p_type, p_side using errcode = 'NF001', detail = 'side';
  end if;
  if p_size_bytes not between v_settings.document_min_bytes and v_settings.document_max_bytes then
    raise exception 'The file is too small or too large.' using errcode = 'NF001', detail = 'size_bytes';
  end if;

  update public.kyc_documents set replaced_at = private.now(), updated_at = private.now()
  where verification_id = p_verification_id and type = p_type and side = p_side and replaced_at is null
    and status in ('pending', 'rejected');
  insert into public.kyc_documents (
    document_id, verification_id, user_id, attempt, type, side, storage_path, content_type, size_bytes, sha256)
  values (
    v_document_id, p_verification_id, v_user_id, v_verification.attempt + 1, p_type, p_side,
    v_user_id || '/' || p_verification_id || '/' || v_document_id, p_content_type, p_size_bytes, p_sha256)
  on conflict (verification_id, type, side) where replaced_at is null do nothing
  returning * into v_document;
  if not found then
    raise exception 'This document has already been added.' using errcode = 'NF035', detail = (
      select document_id::text from public.kyc_documents
      where verification_id = p_verification_id and type = p_type and side = p_side and replaced_at is null);
  end if;

  perform private.kyc_document_changed(v_document, 'kyc.document_added');
  return pg_catalog.jsonb_build_object(
    'document', private.kyc_document_json(v_document), 'storage_path', v_document.storage_path);
end
$$;
comment on function private.kyc_add_document(uuid, public.document_type, public.document_side, text, integer, text) is
  'Announces a document. Why definer: people may not insert documents.';
grant execute on function private.kyc_add_document(uuid, public.document_type, public.document_side, text, integer, text)
  to authenticated;
