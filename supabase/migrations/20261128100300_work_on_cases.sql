/*
 * What staff does with a case besides deciding it: notes, links to documents, another round at the provider.
 *
 * Touches: private.kyc_add_note, private.kyc_document_link, private.kyc_requeue.
 * Not granted: to `anon` and `service_role`: each has a person behind it.
 */

/*
 * Adds an internal note, in any state; nobody has to hold the case. The audit says that there is one, not what.
 * Returns: the note (schema AdminKycNote).
 * May be called by: support, reviewer, approver, compliance_admin.
 * Raises NF010 (role, or the own verification), NF020, NF001 (text).
 */
create function private.kyc_add_note(p_verification_id uuid, p_text text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_staff_id constant uuid := private.require_role('support', 'reviewer', 'approver', 'compliance_admin');
  v_verification public.kyc_verifications;
  v_note private.kyc_notes;
begin
  v_verification := private.kyc_lock_for_decision(p_verification_id, v_staff_id, null);
  if coalesce(pg_catalog.char_length(p_text), 0) not between 1 and 4000 then
    raise exception 'A note has 1 to 4000 characters.' using errcode = 'NF001', detail = 'text';
  end if;
  perform private.kyc_prolong_hold(p_verification_id);
  insert into private.kyc_notes (verification_id, author_id, body) values (p_verification_id, v_staff_id, p_text)
  returning * into v_note;
  perform private.audit_append(
    'kyc:' || p_verification_id, 'staff', v_staff_id::text, 'kyc.note_added', 'kyc_note', v_note.note_id::text,
    null, pg_catalog.jsonb_build_object('attempt', v_verification.attempt));
  return pg_catalog.jsonb_build_object(
    'note_id', v_note.note_id, 'author_id', v_note.author_id, 'text', v_note.body,
    'created_at', private.iso(v_note.created_at));
end
$$;
comment on function private.kyc_add_note(uuid, text) is
  'Adds to the notes. Why definer: notes are granted to nobody; the role is checked first.';
grant execute on function private.kyc_add_note(uuid, text) to authenticated;

/*
 * Where the bytes of a document lie, for a link that staff is about to get: written down in the transaction in
 * which the link is made, so there is none without an entry. What has not been uploaded, has been taken back or
 * was removed after its time is not there.
 * Returns: {storage_path, content_type, sha256}.
 * May be called by: reviewer, approver, compliance_admin.
 * Raises NF010 (role, or the own verification), NF011, NF020.
 */
create function private.kyc_document_link(p_verification_id uuid, p_document_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_staff_id constant uuid := private.require_role('reviewer', 'approver', 'compliance_admin');
  v_document public.kyc_documents;
begin
  perform private.require_aal2();
  select * into v_document from public.kyc_documents
  where document_id = p_document_id and verification_id = p_verification_id
    and status <> 'pending' and purged_at is null;
  if not found then
    raise exception 'There is no such document, or its file is gone.' using errcode = 'NF020';
  end if;
  if private.is_same_person(v_document.user_id, v_staff_id) then
    raise exception 'Nobody works on the own verification.' using errcode = 'NF010';
  end if;
  perform private.kyc_prolong_hold(p_verification_id);
  perform private.audit_append(
    'kyc:' || p_verification_id, 'staff', v_staff_id::text, 'kyc.document_read', 'kyc_document', p_document_id::text,
    null, pg_catalog.jsonb_build_object('attempt', v_document.attempt));
  return pg_catalog.jsonb_build_object(
    'storage_path', v_document.storage_path, 'content_type', v_document.content_type, 'sha256', v_document.sha256);
end
$$;
comment on function private.kyc_document_link(uuid, uuid) is
  'Lets staff see a document. Why definer: documents of others are hidden; the role is checked first.';
grant execute on function private.kyc_document_link(uuid, uuid) to authenticated;

/*
 * Sends a case in review to the provider again, for the same attempt. p_note: kept as a note;
 * p_expected_version: null for any.
 * Returns: schema AdminKycActionResult.
 * May be called by: reviewer, approver, compliance_admin.
 * Raises NF010 (role, or the own verification), NF011, NF020, NF050 (changed since), NF037 (somebody else holds it),
 * NF032 (not in review), NF001 (note).
 */
create function private.kyc_requeue(p_verification_id uuid, p_note text default null, p_expected_version integer default null)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_staff_id constant uuid := private.require_role('reviewer', 'approver', 'compliance_admin');
  v_after public.kyc_verifications;
begin
  perform private.require_aal2();
  perform private.kyc_lock_for_decision(p_verification_id, v_staff_id, p_expected_version);
  perform private.kyc_require_holder(p_verification_id);
  if p_note is not null then
    perform private.kyc_add_note(p_verification_id, p_note);
  end if;
  v_after := private.kyc_transition(p_verification_id, 'submitted', 'staff', v_staff_id::text, 'requeued');
  return private.kyc_action_result(v_after, 'applied');
end
$$;
comment on function private.kyc_requeue(uuid, text, integer) is
  'Sends a case again. Why definer: nobody may write status; the role is checked first.';
grant execute on function private.kyc_requeue(uuid, text, integer) to authenticated;
