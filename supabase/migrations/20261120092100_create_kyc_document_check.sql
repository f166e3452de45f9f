/*
 * The check of an uploaded file. The function that reads the bytes says what it found; the verdict is
 * reached here, in the order size, kind of file, declared kind, dimensions, hash.
 *
 * Touches: private.kyc_get_document, private.kyc_complete_document.
 * Not granted: to `anon` and `service_role`.
 */

/*
 * What is needed to look at a document of the signed-in person.
 * Returns: {document: schema Document, storage_path, is_editable}.
 * May be called by: a signed-in person. Raises NF010, NF012, NF020.
 */
create function private.kyc_get_document(p_verification_id uuid, p_document_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_account();
  v_result jsonb;
begin
  select pg_catalog.jsonb_build_object(
    'document', private.kyc_document_json(document), 'storage_path', document.storage_path,
    'is_editable', verification.status in ('draft', 'resubmission_required') and document.replaced_at is null)
  into v_result
  from public.kyc_documents as document
  join public.kyc_verifications as verification using (verification_id)
  where document.document_id = p_document_id and document.verification_id = p_verification_id
    and document.user_id = v_user_id;
  if not found then
    raise exception 'There is no such document.' using errcode = 'NF020';
  end if;
  return v_result;
end
$$;
comment on function private.kyc_get_document(uuid, uuid) is
  'An own document. Why definer: tells an unknown document from one of somebody else only to itself.';
grant execute on function private.kyc_get_document(uuid, uuid) to authenticated;

/* The first check that a stored file fails: size, unreadable, content_type, dimensions, sha256, metadata; or null. */
create function private.kyc_document_problem(p_document public.kyc_documents, p_facts jsonb)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_settings private.settings;
  v_size constant integer := (p_facts ->> 'size_bytes')::integer;
  v_type constant text := p_facts ->> 'content_type';
  v_longest constant integer := greatest((p_facts ->> 'width_px')::integer, (p_facts ->> 'height_px')::integer);
begin
  select * into strict v_settings from private.settings;
  return case
    when v_size is null or v_size <> p_document.size_bytes
      or v_size not between v_settings.document_min_bytes and v_settings.document_max_bytes then 'size'
    when v_type is null or v_type not in ('image/jpeg', 'image/png', 'application/pdf') then 'unreadable'
    when v_type <> p_document.content_type then 'content_type'
    when v_type <> 'application/pdf' and v_longest is null
      or (p_facts ->> 'is_intact')::boolean is distinct from true then 'unreadable'
    when v_longest not between v_settings.document_min_pixels and v_settings.document_max_pixels then 'dimensions'
    when p_facts ->> 'sha256' is distinct from p_document.sha256 then 'sha256'
    when (p_facts ->> 'has_metadata')::boolean is distinct from false then 'metadata'
  end;
end
$$;
comment on function private.kyc_document_problem(public.kyc_documents, jsonb) is
  'Verdict on a stored file. Why definer: the settings are granted to nobody.';

/*
 * Takes the facts of a stored file: {size_bytes, content_type (of the bytes, null if unknown), width_px,
 * height_px (null if they cannot be read or it is a PDF), is_intact (one whole file and nothing else),
 * has_metadata (EXIF, XMP or IPTC), sha256}. A file that fails is rejected, and
 * that is to be committed before the caller is told. Completing twice answers the same.
 * Returns: {document: schema Document, problem: null | size | unreadable | content_type | dimensions | sha256 | metadata}.
 * May be called by: a signed-in person. Raises NF010, NF012, NF020, NF033, NF066 (rejected before).
 */
create function private.kyc_complete_document(p_verification_id uuid, p_document_id uuid, p_facts jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_account();
  v_document public.kyc_documents;
  v_problem text;
begin
  select * into v_document from public.kyc_documents
  where document_id = p_document_id and verification_id = p_verification_id and user_id = v_user_id
    and replaced_at is null;
  if not found then
    raise exception 'There is no such document.' using errcode = 'NF020';
  end if;
  if v_document.status in ('uploaded', 'accepted') then
    return pg_catalog.jsonb_build_object('document', private.kyc_document_json(v_document), 'problem', null);
  end if;
  perform private.kyc_lock_editable(p_verification_id, v_user_id);
  if v_document.status = 'rejected' then
    -- The stored file cannot be overwritten, so another look would find the same.
    raise exception 'The document was rejected; add a new one.' using errcode = 'NF066',
      detail = v_document.reason_code::text;
  end if;

  v_problem := private.kyc_document_problem(v_document, p_facts);
  update public.kyc_documents
  set status = case when v_problem is null then 'uploaded' else 'rejected' end::public.document_status,
      reason_code = case
        when v_problem in ('unreadable', 'dimensions') then 'image_unreadable'::public.kyc_user_reason_code
        when v_problem is not null then 'other'
      end,
      width_px = case when v_problem is null then (p_facts ->> 'width_px')::integer end,
      height_px = case when v_problem is null then (p_facts ->> 'height_px')::integer end,
      updated_at = private.now()
  where document_id = p_document_id
  returning * into v_document;
  if v_problem is null and exists (
    select from public.kyc_documents as other where other.sha256 = v_document.sha256 and other.user_id <> v_user_id
  ) then
    update private.kyc_cases set flags = flags || 'duplicate_document'::text
    where verification_id = p_verification_id and not 'duplicate_document' = any (flags);
  end if;

  perform private.kyc_document_changed(
    v_document, case when v_problem is null then 'kyc.document_uploaded' else 'kyc.document_refused' end);
  return pg_catalog.jsonb_build_object('document', private.kyc_document_json(v_document), 'problem', v_problem);
end
$$;
comment on function private.kyc_complete_document(uuid, uuid, jsonb) is
  'Checks an uploaded document. Why definer: people may not update documents.';
grant execute on function private.kyc_complete_document(uuid, uuid, jsonb) to authenticated;
