/*
 * What is submitted and what the provider says about it, and what staff writes.
 *
 * Touches: private.kyc_attempts, public.kyc_documents, private.kyc_reviews, private.kyc_notes.
 * Not granted: any write to anybody; functions are the only writers.
 */

create table private.kyc_attempts (
  verification_id uuid not null references public.kyc_verifications (verification_id) on delete restrict,
  attempt smallint not null check (attempt > 0),
  provider text not null,
  provider_reference text,
  submitted_at timestamptz not null,
  accepted_at timestamptz,
  last_sequence bigint not null default 0,
  last_event_at timestamptz,
  outcome text check (outcome in ('approved', 'rejected', 'resubmission_required', 'in_review', 'cancelled', 'error')),
  outcome_reason_codes text[] not null default '{}',
  outcome_at timestamptz,
  result_sha256 bytea,
  checks jsonb not null default '[]',
  extracted jsonb,
  applicant jsonb not null,
  primary key (verification_id, attempt),
  unique (provider, provider_reference)
);
alter table private.kyc_attempts enable row level security;
comment on table private.kyc_attempts is 'One submission. Facts of the provider; what we make of them is the status.';
comment on column private.kyc_attempts.provider_reference is 'The id that the provider gave; null until it has answered or sent an event.';
comment on column private.kyc_attempts.last_sequence is 'Number of the newest event that was taken in; older ones are stale.';
comment on column private.kyc_attempts.result_sha256 is 'Hash of the event that carried the outcome.';
comment on column private.kyc_attempts.extracted is 'What the provider read from the documents. Personal data.';
comment on column private.kyc_attempts.applicant is 'The person as submitted, so that a repeated request says the same. Personal data.';

create table public.kyc_documents (
  document_id uuid primary key default private.uuid_v7(),
  verification_id uuid not null references public.kyc_verifications (verification_id) on delete restrict,
  user_id uuid not null references public.profiles (user_id) on delete restrict,
  attempt smallint not null check (attempt > 0),
  type public.document_type not null,
  side public.document_side not null,
  status public.document_status not null default 'pending',
  reason_code public.kyc_user_reason_code,
  storage_path text not null unique,
  content_type text not null check (content_type in ('image/jpeg', 'image/png', 'application/pdf')),
  size_bytes integer not null check (size_bytes > 0),
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  width_px integer check (width_px > 0),
  height_px integer check (height_px > 0),
  replaced_at timestamptz,
  purged_at timestamptz,
  created_at timestamptz not null default private.now(),
  updated_at timestamptz not null default private.now(),
  check (status = 'rejected' or reason_code is null)
);
alter table public.kyc_documents enable row level security;

-- One document per type and side counts at a time.
create unique index kyc_documents_current_key on public.kyc_documents (verification_id, type, side)
  where replaced_at is null;
create index kyc_documents_verification_id_idx on public.kyc_documents (verification_id, document_id);
create index kyc_documents_user_id_idx on public.kyc_documents (user_id);
create index kyc_documents_sha256_idx on public.kyc_documents (sha256);

create policy kyc_documents_select_own on public.kyc_documents for select to authenticated
  using (user_id = (select auth.uid()));

revoke all on public.kyc_documents from anon, authenticated, service_role;
grant select on public.kyc_documents to authenticated, service_role;

comment on table public.kyc_documents is 'Files of a verification. Announced here, uploaded to storage, then checked.';
comment on column public.kyc_documents.user_id is 'Owner of the verification, repeated so that policies and the storage path need no join.';
comment on column public.kyc_documents.attempt is 'The attempt that it was added for.';
comment on column public.kyc_documents.storage_path is 'Name in the bucket kyc-documents: user, verification, document.';
comment on column public.kyc_documents.sha256 is 'As announced; the stored bytes must have it.';
comment on column public.kyc_documents.replaced_at is 'When a newer file took its place. Kept for the record.';
comment on column public.kyc_documents.purged_at is 'When the bytes were removed.';

create table private.kyc_reviews (
  review_id uuid primary key default private.uuid_v7(),
  verification_id uuid not null references public.kyc_verifications (verification_id) on delete restrict,
  approval_id uuid,
  reviewer_id uuid not null references public.profiles (user_id) on delete restrict,
  action text not null check (action in ('approve', 'reject', 'request_resubmission', 'revoke', 'reopen')),
  vote text check (vote in ('propose', 'confirm', 'decline')),
  reason_code text references private.kyc_reason_codes (code) on delete restrict,
  note text,
  attempt smallint not null,
  version integer not null,
  created_at timestamptz not null default private.now()
);
alter table private.kyc_reviews enable row level security;
create index kyc_reviews_verification_id_idx on private.kyc_reviews (verification_id, review_id);
create index kyc_reviews_reviewer_id_idx on private.kyc_reviews (reviewer_id);
create index kyc_reviews_reason_code_idx on private.kyc_reviews (reason_code);
create trigger _100_append_only
  before update or delete or truncate on private.kyc_reviews
  for each statement execute function private.tg__append_only();
comment on table private.kyc_reviews is 'Decisions and votes of staff. Written once.';
comment on column private.kyc_reviews.approval_id is 'Joins the votes of one four-eyes decision; null where one person decided.';
comment on column private.kyc_reviews.version is 'Version of the verification that was judged.';

create table private.kyc_notes (
  note_id uuid primary key default private.uuid_v7(),
  verification_id uuid not null references public.kyc_verifications (verification_id) on delete restrict,
  author_id uuid not null references public.profiles (user_id) on delete restrict,
  body text not null check (pg_catalog.char_length(body) between 1 and 4000),
  created_at timestamptz not null default private.now()
);
alter table private.kyc_notes enable row level security;
create index kyc_notes_verification_id_idx on private.kyc_notes (verification_id, note_id);
create index kyc_notes_author_id_idx on private.kyc_notes (author_id);
create trigger _100_append_only
  before update or delete or truncate on private.kyc_notes
  for each statement execute function private.tg__append_only();
comment on table private.kyc_notes is 'Notes of staff for staff. Written once.';
