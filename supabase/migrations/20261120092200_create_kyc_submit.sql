/*
 * Handing a verification in, and the person's view of all of it.
 *
 * Touches: private.kyc_submit, private.kyc_submission, private.kyc_projection, private.kyc_get_verification,
 * private.kyc_timeline.
 * Not granted: to `anon`.
 */

/* The person as submitted; kept with the attempt, so that every try of sending says the same. */
create function private.kyc_applicant(p_user_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select pg_catalog.jsonb_build_object(
      'first_name', profile.first_name, 'middle_name', profile.middle_name, 'last_name', profile.last_name,
      'date_of_birth', profile.date_of_birth, 'email', profile.email, 'phone', profile.phone,
      'address', pg_catalog.jsonb_build_object(
        'street_address_1', address.street_address_1, 'street_address_2', address.street_address_2,
        'city', address.city, 'state_region', address.state_region, 'postal_code', address.postal_code,
        'country', address.country))
    from public.profiles as profile
    join public.addresses as address using (user_id)
    where profile.user_id = p_user_id
  );
end
$$;
comment on function private.kyc_applicant(uuid) is 'Snapshot of a person for the provider.';

/*
 * Submits a verification of the signed-in person: uses an attempt, keeps what was submitted, queues the
 * message to the provider, assesses the risk. p_device_id: what the front end calls the device, if it does.
 * Returns: the verification (schema Verification).
 * May be called by: a signed-in person.
 * Raises NF010, NF012, NF020, NF032 (not a draft and no resubmission asked for), NF034 (no attempt left),
 * NF070 (too soon; detail = the moment from which on it is allowed), NF061, NF062, NF063 (detail = JSON
 * array of the open requirements of that kind, schema Requirement).
 */
create function private.kyc_submit(p_verification_id uuid, p_device_id text default null)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_account();
  v_verification public.kyc_verifications;
  v_attempt private.kyc_attempts;
  v_open_from timestamptz;
  v_missing jsonb;
begin
  select * into v_verification from public.kyc_verifications
  where verification_id = p_verification_id and user_id = v_user_id for update;
  if not found then
    raise exception 'There is no such verification.' using errcode = 'NF020';
  end if;
  if v_verification.status not in ('draft', 'resubmission_required') then
    raise exception 'A verification that is % cannot be submitted.', v_verification.status using errcode = 'NF032',
      detail = v_verification.status::text;
  end if;
  if v_verification.attempt >= v_verification.max_attempts then
    raise exception 'No attempts are left.' using errcode = 'NF034';
  end if;
  select v_verification.status_changed_at + settings.resubmission_cooldown into strict v_open_from
  from private.settings as settings;
  if v_verification.status = 'resubmission_required' and v_open_from > private.now() then
    raise exception 'The next attempt is not open yet.' using errcode = 'NF070', detail = private.iso(v_open_from);
  end if;
  v_missing := private.kyc_person_requirements(v_user_id);
  if v_missing <> '[]' then
    perform private.kyc_raise_missing(v_missing);
  end if;
  v_missing := private.kyc_document_requirements_of(p_verification_id);
  if v_missing <> '[]' then
    raise exception 'Documents are missing.' using errcode = 'NF063', detail = v_missing::text;
  end if;

  v_verification := private.kyc_transition(p_verification_id, 'submitted', 'user', v_user_id::text);
  insert into private.kyc_attempts (verification_id, attempt, provider, submitted_at, applicant)
  select p_verification_id, v_verification.attempt, cases.provider, v_verification.submitted_at,
    private.kyc_applicant(v_user_id)
  from private.kyc_cases as cases where cases.verification_id = p_verification_id
  returning * into strict v_attempt;
  perform private.risk_note_submission(v_attempt, v_user_id, p_device_id);
  perform private.risk_assess(p_verification_id, 'submission');
  return private.kyc_verification_json(v_verification);
end
$$;
comment on function private.kyc_submit(uuid, text) is
  'Submits a verification. Why definer: people may write neither status nor attempts.';
grant execute on function private.kyc_submit(uuid, text) to authenticated;

/* Refuses a submission for what the person lacks: the profile first, then consents. */
create function private.kyc_raise_missing(p_missing jsonb)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_profile constant jsonb := pg_catalog.jsonb_path_query_array(p_missing, '$[*] ? (@.kind != "consent")');
begin
  if v_profile <> '[]' then
    raise exception 'The profile is not complete.' using errcode = 'NF061', detail = v_profile::text;
  end if;
  raise exception 'Consent is missing.' using errcode = 'NF062', detail = p_missing::text;
end
$$;
comment on function private.kyc_raise_missing(jsonb) is 'Raises the error for missing personal requirements.';

/*
 * What is sent to the provider for an attempt.
 * Returns: {verification_id, attempt, provider, provider_reference, applicant {first_name, middle_name,
 * last_name, date_of_birth, email, phone, address {…}}, documents [{document_id, type, side, content_type,
 * size_bytes, sha256, storage_path}], is_wanted: whether the verification still waits for this sending}.
 * May be called by: service_role. Raises NF020.
 */
create function private.kyc_submission(p_verification_id uuid, p_attempt integer)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_result jsonb;
begin
  select pg_catalog.jsonb_build_object(
    'verification_id', attempt.verification_id, 'attempt', attempt.attempt, 'provider', attempt.provider,
    'provider_reference', attempt.provider_reference, 'applicant', attempt.applicant,
    'documents', coalesce((
      select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'document_id', document.document_id, 'type', document.type, 'side', document.side,
        'content_type', document.content_type, 'size_bytes', document.size_bytes,
        'sha256', document.sha256, 'storage_path', document.storage_path) order by document.document_id)
      from public.kyc_documents as document
      where document.verification_id = p_verification_id and document.replaced_at is null
        and document.status in ('uploaded', 'accepted')
    ), '[]'),
    'is_wanted', verification.attempt = attempt.attempt and verification.status in ('submitted', 'processing'))
  into v_result
  from private.kyc_attempts as attempt
  join public.kyc_verifications as verification using (verification_id)
  where attempt.verification_id = p_verification_id and attempt.attempt = p_attempt;
  if not found then
    raise exception 'There is no such attempt.' using errcode = 'NF020';
  end if;
  return v_result;
end
$$;
comment on function private.kyc_submission(uuid, integer) is
  'A submission for sending. Why definer: attempts are granted to nobody.';
grant execute on function private.kyc_submission(uuid, integer) to service_role;
