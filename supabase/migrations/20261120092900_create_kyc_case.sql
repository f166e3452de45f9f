/*
 * Everything staff may know of one verification. Each read is audited, because it shows a whole person.
 *
 * Touches: private.kyc_case and its parts.
 * Not granted: the parts to any API role.
 */

/* An address as in the contract (schema Address). */
create function private.address_json(p_address public.addresses)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return case when p_address.address_id is not null then pg_catalog.jsonb_build_object(
    'address_id', p_address.address_id, 'address_name', p_address.address_name,
    'street_address_1', p_address.street_address_1, 'street_address_2', p_address.street_address_2,
    'city', p_address.city, 'state_region', p_address.state_region, 'postal_code', p_address.postal_code,
    'country', p_address.country, 'updated_at', private.iso(p_address.updated_at)) end;
end
$$;
comment on function private.address_json(public.addresses) is 'An address for its owner and for staff.';

/* The person of a case (schema AdminKycSubject). */
create function private.kyc_case_subject(p_user_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select pg_catalog.jsonb_build_object(
      'user_id', profile.user_id, 'salutation', profile.salutation, 'first_name', profile.first_name,
      'middle_name', profile.middle_name, 'last_name', profile.last_name, 'date_of_birth', profile.date_of_birth,
      'email', profile.email, 'phone', profile.phone,
      'address', private.address_json(address), 'is_suspended', profile.suspended_at is not null)
    from public.profiles as profile
    left join public.addresses as address on address.user_id = profile.user_id and not address.is_soft_deleted
    where profile.user_id = p_user_id
  );
end
$$;
comment on function private.kyc_case_subject(uuid) is 'Person of a case. Why definer: part of kyc_case, which has checked the role.';

/* The submissions of a case (schema AdminKycAttempt). */
create function private.kyc_case_attempts(p_verification_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'attempt', attempt.attempt, 'submitted_at', private.iso(attempt.submitted_at), 'provider', attempt.provider,
      'provider_reference', attempt.provider_reference, 'provider_outcome', attempt.outcome,
      'provider_reason_codes', pg_catalog.to_jsonb(array(
        select given from unnest(attempt.outcome_reason_codes) as given
        where given in (select code from private.kyc_reason_codes))),
      'outcome_at', private.iso(attempt.outcome_at),
      'raw_result_sha256', pg_catalog.encode(attempt.result_sha256, 'hex'),
      'checks', attempt.checks, 'extracted', attempt.extracted
    ) order by attempt.attempt), '[]')
    from private.kyc_attempts as attempt
    where attempt.verification_id = p_verification_id
  );
end
$$;
comment on function private.kyc_case_attempts(uuid) is 'Attempts of a case. Why definer: attempts are granted to nobody.';

/* All documents of a case, replaced ones included (schema AdminKycDocument); the newest 200. */
create function private.kyc_case_documents(p_verification_id uuid, p_purge_after timestamptz)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'document_id', document.document_id, 'type', document.type, 'side', document.side, 'status', document.status,
      'reason_code', document.reason_code, 'attempt', document.attempt,
      'content_type', document.content_type, 'size_bytes', document.size_bytes,
      'width_px', document.width_px, 'height_px', document.height_px, 'sha256', document.sha256,
      'created_at', private.iso(document.created_at), 'replaced_at', private.iso(document.replaced_at),
      'purge_after', private.iso(p_purge_after),
      'purged_at', private.iso(document.purged_at)
    ) order by document.document_id), '[]')
    from (
      select * from public.kyc_documents
      where verification_id = p_verification_id
      order by document_id desc limit 200
    ) as document
  );
end
$$;
comment on function private.kyc_case_documents(uuid, timestamptz) is
  'Documents of a case. Why definer: part of kyc_case, which has checked the role.';

/*
 * Verifications of other people that show the same file or the same document, or that were submitted under the
 * same name and birth date or from the same device (schema AdminKycDuplicate); each once, by what they have most firmly in common.
 */
create function private.kyc_case_duplicates(p_verification_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    with matches as (
      (select shown.verification_id, 1 as place, 'document_sha256' as match
      from public.kyc_documents as own
      join public.kyc_documents as shown on shown.sha256 = own.sha256 and shown.user_id <> own.user_id
      where own.verification_id = p_verification_id and own.status <> 'pending' and shown.status <> 'pending'
      limit 100)
      union all
      (select same.verification_id, 2, 'document_number'
      from private.kyc_attempts as own
      join private.kyc_attempts as same on private.document_key(same.extracted) = private.document_key(own.extracted)
      where own.verification_id = p_verification_id and not exists (
        select from public.kyc_verifications as one
        join public.kyc_verifications as other on other.user_id = one.user_id
        where one.verification_id = own.verification_id and other.verification_id = same.verification_id)
      limit 100)
      union all
      (select same.verification_id, 3, 'name_and_date_of_birth'
      from private.risk_signals as own
      join private.risk_signals as same on same.person_key = own.person_key and same.user_id <> own.user_id
      where own.verification_id = p_verification_id
      limit 100)
      union all
      (select same.verification_id, 4, 'device'
      from private.risk_signals as own
      join private.risk_signals as same on same.device_key = own.device_key and same.user_id <> own.user_id
      where own.verification_id = p_verification_id
      limit 100)
    ),
    duplicates as (
      select distinct on (matches.verification_id) other.verification_id, other.user_id, matches.match, other.status,
        other.created_at
      from matches
      join public.kyc_verifications as other on other.verification_id = matches.verification_id
      order by matches.verification_id, matches.place
      limit 100
    )
    select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'verification_id', verification_id, 'user_id', user_id, 'match', match, 'status', status,
      'created_at', private.iso(created_at)) order by created_at, verification_id), '[]')
    from duplicates
  );
end
$$;
comment on function private.kyc_case_duplicates(uuid) is
  'Related cases. Why definer: part of kyc_case, which has checked the role.';

/* What happened to a case, internal reasons included (schema AdminTimelineEntry); the newest 500. */
create function private.kyc_case_timeline(p_verification_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    with newest as (
      select * from private.audit_log
      where stream = 'kyc:' || p_verification_id
      order by sequence desc limit 500
    )
    select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'entry_id', audit_id, 'at', private.iso(at), 'action', action, 'actor', actor_kind,
      'actor_id', private.uuid_or_null(actor_id),
      'from_status', details::jsonb -> 'from', 'to_status', details::jsonb -> 'to',
      'attempt', coalesce(details::jsonb -> 'attempt', '0'), 'internal_reason_code', reason_code,
      'event_reference', details::jsonb -> 'event'
    ) order by sequence), '[]')
    from newest
  );
end
$$;
comment on function private.kyc_case_timeline(uuid) is 'Timeline for staff. Why definer: the audit is granted to nobody.';

/* Decisions and notes of a case (schemas AdminKycReview and AdminKycNote); the newest 200 and 500. */
create function private.kyc_case_writings(p_verification_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'reviews', (
      select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'review_id', review_id, 'approval_id', approval_id, 'reviewer_id', reviewer_id, 'action', action,
        'vote', vote, 'reason_code', reason_code, 'note', note, 'attempt', attempt,
        'created_at', private.iso(created_at)) order by review_id), '[]')
      from (
        select * from private.kyc_reviews
        where verification_id = p_verification_id order by review_id desc limit 200
      ) as newest),
    'notes', (
      select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'note_id', note_id, 'author_id', author_id, 'text', body,
        'created_at', private.iso(created_at)) order by note_id), '[]')
      from (
        select * from private.kyc_notes
        where verification_id = p_verification_id order by note_id desc limit 500
      ) as newest));
end
$$;
comment on function private.kyc_case_writings(uuid) is 'Reviews and notes. Why definer: both are granted to nobody.';

/* The newest assessment of the risk (schema AdminRiskAssessment), null before the first. */
create function private.kyc_case_risk(p_verification_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_newest record;
begin
  select * into v_newest from private.risk_newest(p_verification_id);
  return case when v_newest.assessment_id is not null then pg_catalog.jsonb_build_object(
    'level', v_newest.level, 'score', v_newest.score, 'requires_review', v_newest.requires_review,
    'reasons', v_newest.reasons, 'rules_version', v_newest.version,
    'assessed_at', private.iso(v_newest.assessed_at)) end;
end
$$;
comment on function private.kyc_case_risk(uuid) is 'Risk of a case. Why definer: the assessments are granted to nobody.';

/*
 * One case with everything in it (schema AdminKycCase); the read is audited.
 * May be called by: staff with any role. Raises NF010 (role, or the own verification: a case says what its person
 * must not be told), NF020.
 */
create function private.kyc_case(p_verification_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_staff_id constant uuid := private.require_role('support', 'reviewer', 'approver', 'compliance_admin', 'auditor', 'admin');
  v_verification public.kyc_verifications;
  v_case private.kyc_cases;
begin
  select * into v_verification from public.kyc_verifications where verification_id = p_verification_id;
  if not found then
    raise exception 'There is no such verification.' using errcode = 'NF020';
  end if;
  if private.is_same_person(v_verification.user_id, v_staff_id) then
    raise exception 'Nobody reads the own case.' using errcode = 'NF010';
  end if;
  select * into strict v_case from private.kyc_cases where verification_id = p_verification_id;
  perform private.audit_append(
    'kyc:' || p_verification_id, 'staff', v_staff_id::text, 'kyc.case_read', 'kyc_verification',
    p_verification_id::text, null, pg_catalog.jsonb_build_object('attempt', v_verification.attempt));
  return pg_catalog.jsonb_build_object(
    'verification', private.kyc_case_summary(v_verification),
    'previous_id', v_verification.previous_id,
    'subject', private.kyc_case_subject(v_verification.user_id),
    'attempts', private.kyc_case_attempts(p_verification_id),
    'documents', private.kyc_case_documents(p_verification_id, v_case.purge_after),
    'risk', private.kyc_case_risk(p_verification_id),
    'screening_hits', private.kyc_case_hits(v_verification.user_id),
    'duplicates', private.kyc_case_duplicates(p_verification_id),
    'pending_approval', private.kyc_pending_approval(v_verification),
    'timeline', private.kyc_case_timeline(p_verification_id)
  ) || private.kyc_case_writings(p_verification_id);
end
$$;
comment on function private.kyc_case(uuid) is
  'A whole case for staff. Why definer: most of it is granted to nobody.';
grant execute on function private.kyc_case(uuid) to authenticated;
