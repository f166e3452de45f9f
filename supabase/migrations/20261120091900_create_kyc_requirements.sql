/*
 * What a person still has to do, and the verification as its owner sees it.
 *
 * Touches: functions private.kyc_requirements, private.kyc_verification_json, private.kyc_document_json.
 * Not granted: these to any API role; the functions that operations call use them.
 */

/* One entry of `requirements`, every member present as the contract asks. */
create function private.kyc_requirement(
  p_kind text, p_field text default null, p_document_type public.document_type default null,
  p_side public.document_side default null, p_reason_code public.kyc_user_reason_code default null,
  p_document_id uuid default null
)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'kind', p_kind, 'field', p_field, 'document_type', p_document_type, 'side', p_side,
    'reason_code', p_reason_code, 'document_id', p_document_id);
end
$$;
comment on function private.kyc_requirement(text, text, public.document_type, public.document_side, public.kyc_user_reason_code, uuid) is
  'Builds one requirement.';

/* What the profile, the address and the consents of a person lack for a submission: a JSON array. */
create function private.kyc_person_requirements(p_user_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_profile public.profiles;
  v_found jsonb := '[]';
  v_field text;
begin
  select * into strict v_profile from public.profiles where user_id = p_user_id;
  foreach v_field in array array_remove(array[
    case when v_profile.first_name is null then 'first_name' end,
    case when v_profile.last_name is null then 'last_name' end,
    case when v_profile.date_of_birth is null then 'date_of_birth' end
  ], null) loop
    v_found := v_found || private.kyc_requirement('profile_field', v_field);
  end loop;
  if not exists (select from public.addresses where user_id = p_user_id and not is_soft_deleted) then
    v_found := v_found || private.kyc_requirement('address');
  end if;
  return v_found || coalesce((
    select pg_catalog.jsonb_agg(private.kyc_requirement('consent', needed.document::text) order by needed.document)
    from private.settings as settings
    cross join unnest(settings.required_consents) as needed (document)
    where not exists (
      select from public.consents as given
      where given.user_id = p_user_id and given.document = needed.document
        and given.version = private.current_consent_version(needed.document)
    )
  ), '[]');
end
$$;
comment on function private.kyc_person_requirements(uuid) is
  'Open requirements of a person. Why definer: settings are granted to nobody.';

/*
 * What the documents of a verification lack. A purpose (identity, address, selfie) is covered by one
 * document with all its sides uploaded or accepted. Looked at are the required purposes and those where
 * a document was rejected; asked for is what the newest document of the purpose lacks.
 */
create function private.kyc_document_requirements_of(p_verification_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    with current as materialized (
      select document.*, rule.purpose
      from public.kyc_documents as document
      join private.kyc_document_requirements as rule using (type, side)
      where document.verification_id = p_verification_id and document.replaced_at is null
    ),
    purposes as (
      select unnest(settings.required_document_purposes) as purpose from private.settings as settings
      union
      select current.purpose from current where current.status = 'rejected'
    ),
    uncovered as (
      select purposes.purpose,
        (select current.type from current where current.purpose = purposes.purpose
         order by current.document_id desc limit 1) as type
      from purposes
      where not exists (
        select
        from private.kyc_document_requirements as rule
        left join current on current.type = rule.type and current.side = rule.side
          and current.status in ('uploaded', 'accepted')
        where rule.purpose = purposes.purpose
        group by rule.type
        having pg_catalog.bool_and(current.document_id is not null)
      )
    )
    select coalesce(pg_catalog.jsonb_agg(
      case when rejected.document_id is null
        then private.kyc_requirement('document', null, uncovered.type, rule.side)
        else private.kyc_requirement('document_replacement', null, rejected.type, rejected.side,
          rejected.reason_code, rejected.document_id)
      end order by uncovered.purpose, rule.side
    ), '[]')
    from uncovered
    left join private.kyc_document_requirements as rule on rule.type = uncovered.type
      and not exists (
        select from current
        where current.type = rule.type and current.side = rule.side and current.status in ('uploaded', 'accepted'))
    left join current as rejected
      on rejected.type = rule.type and rejected.side = rule.side and rejected.status = 'rejected'
  );
end
$$;
comment on function private.kyc_document_requirements_of(uuid) is
  'Open document requirements. Why definer: rules and settings are granted to nobody.';

/* Everything that stands between a verification and its submission; empty unless it is editable. */
create function private.kyc_requirements(p_verification public.kyc_verifications)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  if p_verification.status not in ('draft', 'resubmission_required') then
    return '[]';
  end if;
  return private.kyc_person_requirements(p_verification.user_id)
    || private.kyc_document_requirements_of(p_verification.verification_id);
end
$$;
comment on function private.kyc_requirements(public.kyc_verifications) is
  'Open requirements. Why definer: rules and settings are granted to nobody.';

/* A document as in the contract (schema Document). */
create function private.kyc_document_json(p_document public.kyc_documents)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'document_id', p_document.document_id, 'verification_id', p_document.verification_id,
    'type', p_document.type, 'side', p_document.side, 'status', p_document.status,
    'content_type', p_document.content_type, 'size_bytes', p_document.size_bytes,
    'sha256', p_document.sha256, 'reason_code', p_document.reason_code, 'attempt', p_document.attempt,
    'created_at', private.iso(p_document.created_at), 'updated_at', private.iso(p_document.updated_at));
end
$$;
comment on function private.kyc_document_json(public.kyc_documents) is 'A document for its owner.';

/* A verification with its documents as in the contract (schema Verification). */
create function private.kyc_verification_json(p_verification public.kyc_verifications)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'verification_id', p_verification.verification_id, 'previous_id', p_verification.previous_id,
    'status', p_verification.status, 'attempt', p_verification.attempt,
    'max_attempts', p_verification.max_attempts, 'reason_code', p_verification.reason_code,
    'requirements', private.kyc_requirements(p_verification),
    'documents', coalesce((
      select pg_catalog.jsonb_agg(private.kyc_document_json(document) order by document.document_id)
      from public.kyc_documents as document
      where document.verification_id = p_verification.verification_id and document.replaced_at is null
    ), '[]'),
    'submitted_at', private.iso(p_verification.submitted_at), 'decided_at', private.iso(p_verification.decided_at),
    'deadline_at', private.iso(p_verification.deadline_at), 'expires_at', private.iso(p_verification.expires_at),
    'version', p_verification.version,
    'created_at', private.iso(p_verification.created_at), 'updated_at', private.iso(p_verification.updated_at));
end
$$;
comment on function private.kyc_verification_json(public.kyc_verifications) is
  'A verification for its owner. Why definer: rules and settings are granted to nobody.';
