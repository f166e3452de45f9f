/*
 * Verifications: what their owner may see in `public`, what only staff may see beside it in `private`.
 *
 * Touches: public.kyc_verifications, private.kyc_cases.
 * Not granted: insert, update and delete to anybody, service_role included. Status and what follows from
 * it are refused to every role but `nff_engine`, which runs private.kyc_transition().
 */

create table public.kyc_verifications (
  verification_id uuid primary key default private.uuid_v7(),
  user_id uuid not null references public.profiles (user_id) on delete restrict,
  previous_id uuid references public.kyc_verifications (verification_id) on delete restrict,
  status public.kyc_status not null default 'draft',
  attempt smallint not null default 0 check (attempt >= 0),
  max_attempts smallint not null check (max_attempts between 1 and 100),
  reason_code public.kyc_user_reason_code,
  submitted_at timestamptz,
  decided_at timestamptz,
  deadline_at timestamptz,
  expires_at timestamptz,
  status_changed_at timestamptz not null default private.now(),
  version integer not null default 1,
  created_at timestamptz not null default private.now(),
  updated_at timestamptz not null default private.now(),
  check (attempt <= max_attempts),
  check (status <> 'approved' or expires_at is not null)
);
alter table public.kyc_verifications enable row level security;

create unique index kyc_verifications_one_open_key on public.kyc_verifications (user_id)
  where status in ('draft', 'submitted', 'processing', 'in_review', 'resubmission_required');
create index kyc_verifications_user_id_idx on public.kyc_verifications (user_id, verification_id desc);
create index kyc_verifications_previous_id_idx on public.kyc_verifications (previous_id)
  where previous_id is not null;
create index kyc_verifications_waiting_idx
  on public.kyc_verifications (status, status_changed_at, verification_id);
create index kyc_verifications_created_idx
  on public.kyc_verifications (status, created_at, verification_id);
create index kyc_verifications_deadline_idx on public.kyc_verifications (deadline_at)
  where deadline_at is not null;
create index kyc_verifications_expires_idx on public.kyc_verifications (expires_at)
  where status = 'approved';

create policy kyc_verifications_select_own on public.kyc_verifications for select to authenticated
  using (user_id = (select auth.uid()));

revoke all on public.kyc_verifications from anon, authenticated, service_role;
grant select on public.kyc_verifications to authenticated, service_role;

comment on table public.kyc_verifications is 'One verification of a person over all its attempts. Every column may be seen by the person.';
comment on column public.kyc_verifications.previous_id is 'The verification that this one follows on.';
comment on column public.kyc_verifications.attempt is 'Submissions so far.';
comment on column public.kyc_verifications.reason_code is 'Reason of the last change, if the person may see it.';
comment on column public.kyc_verifications.deadline_at is 'When it is abandoned unless the person goes on.';
comment on column public.kyc_verifications.expires_at is 'When the approval ends.';
comment on column public.kyc_verifications.version is 'Counts every change of the verification and its documents; the base of the ETag.';

create table private.kyc_cases (
  verification_id uuid primary key references public.kyc_verifications (verification_id) on delete restrict,
  provider text not null,
  reason_code text references private.kyc_reason_codes (code) on delete restrict,
  risk_level public.risk_level,
  risk_score smallint check (risk_score >= 0),
  risk_assessed_at timestamptz,
  review_owner text check (review_owner in ('internal', 'provider')),
  assignee_id uuid references public.profiles (user_id) on delete set null,
  lease_expires_at timestamptz,
  flags text[] not null default '{}',
  document_expires_on date,
  approved_at timestamptz,
  purge_after timestamptz,
  purged_at timestamptz,
  reconciled_at timestamptz,
  check ((assignee_id is null) = (lease_expires_at is null))
);
alter table private.kyc_cases enable row level security;
create index kyc_cases_assignee_id_idx on private.kyc_cases (assignee_id) where assignee_id is not null;
create index kyc_cases_reason_code_idx on private.kyc_cases (reason_code);
create index kyc_cases_purge_after_idx on private.kyc_cases (purge_after)
  where purge_after is not null and purged_at is null;
comment on table private.kyc_cases is 'What staff knows of a verification: one row each. The person never sees any of it.';
comment on column private.kyc_cases.reason_code is 'Reason of the last change, internal ones included.';
comment on column private.kyc_cases.review_owner is 'Who reviews by hand: our staff, or the provider, whose verdict then counts.';
comment on column private.kyc_cases.assignee_id is 'Staff member who holds the case until lease_expires_at.';
comment on column private.kyc_cases.flags is 'Findings for reviewers, such as duplicate_document.';
comment on column private.kyc_cases.purge_after is 'When the document bytes go.';
comment on column private.kyc_cases.reconciled_at is 'When the provider was last asked, because it was silent.';

/*
 * The wall around status. Grants keep the API roles out; this keeps out owners and bypassers of grants
 * as well. Who it lets in is a question of identity, not of a setting that any session could make.
 */
create function private.tg_kyc_verifications__guard()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if current_user = 'nff_engine' then
    return new;
  end if;
  if tg_op = 'INSERT' then
    if new.status <> 'draft' or new.attempt <> 0 or new.expires_at is not null then
      raise exception 'A verification starts as a draft.' using errcode = 'NF010';
    end if;
  elsif (new.verification_id, new.user_id, new.previous_id, new.status, new.attempt, new.max_attempts,
      new.reason_code, new.submitted_at, new.decided_at, new.deadline_at, new.expires_at, new.status_changed_at)
    is distinct from (old.verification_id, old.user_id, old.previous_id, old.status, old.attempt,
      old.max_attempts, old.reason_code, old.submitted_at, old.decided_at, old.deadline_at, old.expires_at,
      old.status_changed_at) then
    raise exception 'The status changes only through private.kyc_transition().' using errcode = 'NF010';
  end if;
  return new;
end
$$;
comment on function private.tg_kyc_verifications__guard() is 'Refuses every writer of status but the transition function.';
create trigger _100_guard
  before insert or update on public.kyc_verifications
  for each row execute function private.tg_kyc_verifications__guard();
