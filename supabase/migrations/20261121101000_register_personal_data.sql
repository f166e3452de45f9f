/*
 * Where data of people lies: the tables of this schema up to here. A later migration that makes another one
 * registers it itself.
 *
 * Touches: rows of private.personal_data.
 * Not granted: nothing new.
 */

insert into private.personal_data (
  relation, rows_of, section, shown, withheld, withheld_because, erase_now, erase_later, kept_because)
values
  ('public.profiles', 't.user_id = $1', 'profile',
    array['user_id', 'first_name', 'middle_name', 'last_name', 'salutation', 'date_of_birth', 'email', 'phone',
      'is_soft_deleted', 'is_permanently_deleted', 'suspended_at', 'version', 'created_at', 'updated_at'],
    '{}', null,
    'salutation = null, phone = null, email = null',
    'first_name = null, middle_name = null, last_name = null, date_of_birth = null',
    'The row stays, flagged and empty, for what refers to it.'),
  ('public.addresses', 't.user_id = $1', 'address',
    array['address_id', 'user_id', 'address_name', 'street_address_1', 'street_address_2', 'city', 'state_region',
      'postal_code', 'country', 'is_soft_deleted', 'is_permanently_deleted', 'version', 'created_at', 'updated_at'],
    '{}', null, null, 'delete', null),
  ('public.consents', 't.user_id = $1', 'consents',
    array['consent_id', 'user_id', 'document', 'version', 'text_sha256', 'given_at'],
    '{}', null, null, null, 'Proof of what was agreed to; it names nobody once the profile is empty.'),
  ('private.user_roles', 't.user_id = $1', 'roles', array['user_id', 'role', 'granted_at'],
    array['granted_by'], 'Ids of other people are not yours to have.', 'delete', null, null),
  ('private.role_change_requests', 't.user_id = $1 or t.requested_by = $1', null, '{}',
    '{}', 'Work in progress inside our systems says nothing more about you.', 'delete', null, null),
  ('private.machine_keys', 't.created_by = $1 or t.revoked_by = $1', null, '{}',
    '{}', 'Keys of external systems belong to the operator, whoever of its staff made them.', null, null,
    'Ids of staff, for accountability.'),
  ('private.account_tasks', 't.user_id = $1', null, '{}',
    '{}', 'Work in progress inside our systems says nothing more about you.', null, 'last_error = null',
    'Ids only; each row goes when Auth has done it.'),
  ('private.account_changes', 't.user_id = $1', null, '{}',
    '{}', 'Work in progress inside our systems says nothing more about you.',
    $$status = case when t.status = 'pending' then 'abandoned' else t.status end, email = null, input = null,
      finished_at = coalesce(t.finished_at, private.now())$$, null,
    'Ids only; old rows go by the clock.'),
  ('private.idempotency_keys', 't.caller = $1::text', null, '{}',
    '{}', 'Copies of answers that you were given are kept for two days.', 'delete', null, null),
  ('private.audit_log',
    't.audit_id in (select entry.audit_id from private.activity_of($1) as entry)', 'activity',
    array['at', 'actor_kind', 'action', 'subject_type', 'subject_id'],
    array['audit_id', 'stream', 'sequence', 'actor_id', 'reason_code', 'request_id', 'details', 'hash'],
    'Ids of other people, internal reasons and checksums of the audit are not yours to have.', null, null,
    'Ids and codes only. Removing an entry would break the chain that proves the rest.'),
  ('private.audit_heads', $$t.stream = 'user:' || $1$$, null, '{}',
    '{}', 'Ids of other people, internal reasons and checksums of the audit are not yours to have.', null, null,
    'A checksum.'),
  ('private.data_exports', 't.user_id = $1', 'exports',
    array['export_id', 'user_id', 'status', 'requested_at', 'ready_at', 'expires_at', 'downloaded_at', 'removed_at'],
    array['steps', 'attempts', 'next_attempt_at', 'lease_id', 'last_error', 'version', 'updated_at'],
    'Work in progress inside our systems says nothing more about you.', null, null,
    'Ids and times; the files go by messages of the outbox.'),
  ('private.erasure_requests', 't.user_id = $1', 'erasure_requests',
    array['erasure_request_id', 'user_id', 'status', 'requested_at', 'erased_now', 'erasable_after', 'completed_at'],
    array['next_run_at', 'erased_now_at', 'account_erased_at', 'provider_erased_at', 'erased_later_at', 'last_error',
      'version', 'updated_at'],
    'Work in progress inside our systems says nothing more about you.', null, null, 'Proof of the erasure.'),
  ('private.legal_holds', 't.user_id = $1', null, '{}',
    '{}', 'Whether authorities or courts have asked for your data is not told.', null, null, 'Ids and codes only.');

insert into private.personal_data (
  relation, rows_of, section, shown, withheld, withheld_because, erase_now, erase_later, kept_because)
values
  ('public.kyc_verifications', 't.user_id = $1', 'verifications',
    array['verification_id', 'user_id', 'previous_id', 'status', 'attempt', 'max_attempts', 'reason_code',
      'submitted_at', 'decided_at', 'deadline_at', 'expires_at', 'status_changed_at', 'version', 'created_at',
      'updated_at'],
    '{}', null, null, null, 'Codes and times only.'),
  ('public.kyc_documents', 't.user_id = $1', 'documents',
    array['document_id', 'verification_id', 'user_id', 'attempt', 'type', 'side', 'status', 'reason_code',
      'content_type', 'size_bytes', 'sha256', 'width_px', 'height_px', 'replaced_at', 'purged_at', 'created_at',
      'updated_at'],
    array['storage_path'], 'Where a file lies inside our storage says nothing about you.', null,
    $$sha256 = pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.document_id::text, 'UTF8')), 'hex')$$,
    'Codes and sizes only; the files go by messages of the outbox.'),
  ('private.kyc_attempts',
    't.verification_id in (select v.verification_id from public.kyc_verifications as v where v.user_id = $1)',
    'submissions',
    array['verification_id', 'attempt', 'provider', 'provider_reference', 'submitted_at', 'accepted_at', 'applicant',
      'extracted'],
    array['outcome', 'outcome_reason_codes', 'outcome_at', 'checks', 'last_sequence', 'last_event_at', 'result_sha256'],
    'What was found when your identity was checked may not be disclosed: the law against money laundering forbids tipping off.',
    null, $$applicant = '{}', extracted = null, checks = '[]'$$, 'Codes, ids and times.'),
  ('private.kyc_cases',
    't.verification_id in (select v.verification_id from public.kyc_verifications as v where v.user_id = $1)',
    null, '{}', '{}',
    'What was found when your identity was checked may not be disclosed: the law against money laundering forbids tipping off.',
    null, null, 'Codes, scores and times only.'),
  ('private.kyc_reviews',
    't.verification_id in (select v.verification_id from public.kyc_verifications as v where v.user_id = $1)',
    null, '{}', '{}',
    'What was found when your identity was checked may not be disclosed: the law against money laundering forbids tipping off.',
    null, $$note = case when t.note is not null then '[erased]' end$$, 'Ids of staff and codes, for accountability.'),
  ('private.kyc_notes',
    't.verification_id in (select v.verification_id from public.kyc_verifications as v where v.user_id = $1)',
    null, '{}', '{}',
    'What was found when your identity was checked may not be disclosed: the law against money laundering forbids tipping off.',
    null, $$body = '[erased]'$$, 'Ids of staff, for accountability.'),
  ('private.webhook_inbox',
    $$t.verification_id in (select v.verification_id from public.kyc_verifications as v where v.user_id = $1)
      or private.uuid_or_null(t.event ->> 'verification_id')
        in (select v.verification_id from public.kyc_verifications as v where v.user_id = $1)$$,
    null, '{}', '{}',
    'What was found when your identity was checked may not be disclosed: the law against money laundering forbids tipping off.',
    $$body = null, event = t.event - 'extracted'$$, null, 'Ids, codes and a checksum.'),
  ('private.outbox',
    $$t.subject_id = $1
      or t.subject_id in (select v.verification_id from public.kyc_verifications as v where v.user_id = $1)
      or t.subject_id in (select e.export_id from private.data_exports as e where e.user_id = $1)$$,
    null, '{}', '{}', 'Work in progress inside our systems says nothing more about you.', null,
    'last_error = null', 'Ids only.');

-- Answers that staff or external systems were given about the person.
update private.personal_data set sweep = 'pg_catalog.strpos(t.body, $1::text) > 0'
where relation = 'private.idempotency_keys';
