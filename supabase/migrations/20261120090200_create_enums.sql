/*
 * The closed lists. The contract's enumerations are compared with these by a test.
 *
 * Touches: enum types in `public`.
 * Not granted: `anon` needs none of them.
 */

create type public.kyc_status as enum (
  'draft', 'submitted', 'processing', 'in_review', 'resubmission_required',
  'approved', 'rejected', 'abandoned', 'cancelled', 'expired', 'revoked'
);
comment on type public.kyc_status is 'State of a verification. The moves between them are rows of private.kyc_transitions.';

create type public.kyc_actor as enum ('user', 'provider', 'staff', 'scheduler', 'system');
comment on type public.kyc_actor is
  'Who causes a transition. scheduler: time or a limit ran out. system: the outcome of our own sending.';

create type public.staff_role as enum (
  'support', 'reviewer', 'approver', 'compliance_admin', 'auditor', 'admin'
);
comment on type public.staff_role is 'What a member of staff may do. No role contains another one.';

create type public.document_type as enum (
  'passport', 'national_id', 'driving_licence', 'residence_permit', 'proof_of_address', 'selfie'
);
create type public.document_side as enum ('front', 'back');
create type public.document_status as enum ('pending', 'uploaded', 'accepted', 'rejected');
comment on type public.document_status is
  'pending: announced, no checked bytes yet. uploaded: bytes checked. accepted, rejected: by provider or staff.';

create type public.risk_level as enum ('low', 'medium', 'high', 'critical');
create type public.consent_document as enum ('terms', 'privacy', 'kyc_processing');

/*
 * The reasons that a person may see. Columns of the person's own tables have this type, so fraud,
 * sanctions, political exposure and duplicates cannot be stored where the person could read them.
 */
create type public.kyc_user_reason_code as enum (
  'image_unreadable', 'image_incomplete', 'document_expired', 'document_type_not_accepted',
  'document_side_missing', 'document_damaged', 'document_not_original', 'data_mismatch',
  'face_mismatch', 'liveness_failed', 'address_document_too_old', 'country_not_supported', 'underage',
  'resubmission_limit_exceeded', 'cancelled_by_user', 'cancelled_by_staff', 'inactivity', 'other'
);
comment on type public.kyc_user_reason_code is 'Reasons that may be shown to the person; internal ones do not fit.';

grant usage on type
  public.kyc_status, public.kyc_actor, public.staff_role, public.document_type, public.document_side,
  public.document_status, public.risk_level, public.consent_document, public.kyc_user_reason_code
to authenticated, service_role, nff_engine;
