/*
 * Reasons and document rules as rows.
 *
 * Touches: private.kyc_reason_codes, private.kyc_document_requirements and their readers.
 * Not granted: the tables to anybody; readers get what they may see through functions.
 */

create table private.kyc_reason_codes (
  code text primary key check (code ~ '^[a-z][a-z0-9_]{0,63}$'),
  class text not null check (class in ('retry', 'final', 'review', 'info')),
  user_code public.kyc_user_reason_code unique,
  user_text text,
  description text not null,
  is_user_visible boolean generated always as (user_code is not null) stored,
  check (user_code is null or user_code::text = code),
  check ((user_code is null) = (user_text is null))
);
alter table private.kyc_reason_codes enable row level security;
create policy kyc_reason_codes_select_engine on private.kyc_reason_codes for select to nff_engine using (true);
grant select on private.kyc_reason_codes to nff_engine;
comment on table private.kyc_reason_codes is 'Closed list of reasons. A code without user_code never reaches the person: its columns cannot hold it.';
comment on column private.kyc_reason_codes.class is 'retry: new documents may help. final: they do not. review: staff has to look. info: nothing to do.';
comment on column private.kyc_reason_codes.user_text is 'What the person is told, in plain English; front ends translate by code.';
comment on column private.kyc_reason_codes.description is 'What it means to staff.';

insert into private.kyc_reason_codes (code, class, user_code, user_text, description)
select entry.code, entry.class, entry.code::public.kyc_user_reason_code, entry.user_text, entry.description
from (values
  ('image_unreadable', 'retry',
    'The picture can''t be read. Take a new one in good light.',
    'The image is blurred, dark or covered by glare.'),
  ('image_incomplete', 'retry',
    'Part of the document is missing in the picture. Show all four corners.',
    'Part of the document is outside the image.'),
  ('document_expired', 'retry',
    'The document has expired. Use a valid one.',
    'The document is past its date.'),
  ('document_type_not_accepted', 'retry',
    'This type of document is not accepted. Use another one.',
    'The type is not accepted, or not for this country.'),
  ('document_side_missing', 'retry',
    'A side of the document is missing. Add the side that was asked for.',
    'A side is missing or is the wrong one.'),
  ('document_damaged', 'retry',
    'The document is damaged. Use another one.',
    'The document is damaged.'),
  ('document_not_original', 'retry',
    'Take a picture of the document itself, not of a copy or a screen.',
    'A copy or a screenshot instead of the document.'),
  ('data_mismatch', 'retry',
    'The document does not fit the profile. Correct the profile or use another document.',
    'The document says something else than the profile.'),
  ('face_mismatch', 'retry',
    'The selfie does not fit the document. Take a new one.',
    'The selfie does not show the person of the document.'),
  ('liveness_failed', 'retry',
    'The selfie could not be accepted. Take a new one with the camera.',
    'The selfie does not show a person in front of the camera.'),
  ('address_document_too_old', 'retry',
    'The proof of address is too old. Use a newer one.',
    'The proof of address is too old.'),
  ('country_not_supported', 'final',
    'This country is not supported.',
    'The country is not served.'),
  ('underage', 'final',
    'You are too young for this service.',
    'The person is too young.'),
  ('resubmission_limit_exceeded', 'final',
    'There are no attempts left.',
    'No attempt is left.'),
  ('cancelled_by_user', 'info',
    'You have cancelled this verification.',
    'The person gave up.'),
  ('cancelled_by_staff', 'info',
    'This verification was cancelled. Contact support if you have questions.',
    'Staff cancelled.'),
  ('inactivity', 'info',
    'This verification ended because nothing happened for too long. You can start a new one.',
    'Nothing happened for too long.'),
  ('other', 'retry',
    'The check could not be completed. Contact support if you have questions.',
    'Another reason.')
) as entry (code, class, user_text, description);

insert into private.kyc_reason_codes (code, class, description) values
  ('document_fraud', 'final', 'The document is forged or changed.'),
  ('known_fraud', 'final', 'The person or the document is known for fraud.'),
  ('sanctions_hit', 'review', 'A sanctions list has a matching entry.'),
  ('pep_hit', 'review', 'A list of politically exposed persons has a matching entry.'),
  ('adverse_media', 'review', 'News reports speak against the person.'),
  ('duplicate_identity', 'review', 'Another account shows the same identity or file.'),
  ('high_risk', 'review', 'The risk rules ask for a person to look.'),
  ('provider_unavailable', 'review', 'The provider could not be reached.'),
  ('provider_bad_request', 'review', 'The provider refused our request.'),
  ('provider_timeout', 'review', 'The provider gave no verdict in time.'),
  ('provider_review', 'review', 'The provider reviews by hand.'),
  ('monitoring_hit', 'review', 'Monitoring found something after the approval.'),
  ('appeal', 'review', 'The person appealed.'),
  ('manual_review', 'review', 'Staff wants to look.'),
  ('manual_check', 'info', 'Staff has checked by hand.'),
  ('requeued', 'info', 'Staff sent the case to the provider again.');

create table private.kyc_document_requirements (
  type public.document_type not null,
  side public.document_side not null,
  purpose text not null check (purpose in ('identity', 'address', 'selfie')),
  primary key (type, side)
);
alter table private.kyc_document_requirements enable row level security;
comment on table private.kyc_document_requirements is
  'Sides that a document consists of. A purpose is covered by one complete document of it; settings say which purposes are required.';

insert into private.kyc_document_requirements values
  ('passport', 'front', 'identity'),
  ('national_id', 'front', 'identity'), ('national_id', 'back', 'identity'),
  ('driving_licence', 'front', 'identity'), ('driving_licence', 'back', 'identity'),
  ('residence_permit', 'front', 'identity'), ('residence_permit', 'back', 'identity'),
  ('proof_of_address', 'front', 'address'),
  ('selfie', 'front', 'selfie');

/*
 * The reasons that a person may see: [{code, class, text}].
 * May be called by: everybody. Raises nothing.
 */
create function private.kyc_list_reason_codes()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'code', reason.code, 'class', reason.class, 'text', reason.user_text
    ) order by reason.user_code)
    from private.kyc_reason_codes as reason
    where reason.is_user_visible
  );
end
$$;
comment on function private.kyc_list_reason_codes() is
  'User-visible reasons. Why definer: the table holds the internal ones too.';
grant execute on function private.kyc_list_reason_codes() to anon, authenticated, service_role;

/*
 * The document types with their sides and limits: [{type, purpose, sides,
 * content_types, min_bytes, max_bytes, min_pixels, max_pixels}].
 * May be called by: everybody. Raises nothing.
 */
create function private.kyc_list_document_types()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select pg_catalog.jsonb_agg(entry.item order by entry.type)
    from (
      select requirement.type,
        pg_catalog.jsonb_build_object(
          'type', requirement.type,
          'purpose', min(requirement.purpose),
          'sides', pg_catalog.jsonb_agg(requirement.side order by requirement.side),
          'content_types', pg_catalog.jsonb_build_array('image/jpeg', 'image/png', 'application/pdf'),
          'min_bytes', min(settings.document_min_bytes), 'max_bytes', min(settings.document_max_bytes),
          'min_pixels', min(settings.document_min_pixels), 'max_pixels', min(settings.document_max_pixels)
        ) as item
      from private.kyc_document_requirements as requirement
      cross join private.settings as settings
      group by requirement.type
    ) as entry
  );
end
$$;
comment on function private.kyc_list_document_types() is
  'Document rules for readers. Why definer: rules and settings are granted to nobody.';
grant execute on function private.kyc_list_document_types() to anon, authenticated, service_role;
