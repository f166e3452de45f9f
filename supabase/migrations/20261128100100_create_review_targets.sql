/*
 * By when a case in review should be decided.
 *
 * Touches: private.kyc_cases (due_at).
 * Not granted: to anybody; what staff reads goes through functions.
 */

alter table private.kyc_cases add column due_at timestamptz;
comment on column private.kyc_cases.due_at is
  'When the case should be decided, by the target for its risk in private.settings; null outside of in_review. Calendar time: reviews do not pause for nights or holidays.';

create index kyc_cases_due_at_idx on private.kyc_cases (due_at, verification_id) where due_at is not null;
create index kyc_cases_lease_expires_at_idx on private.kyc_cases (lease_expires_at) where lease_expires_at is not null;

/*
 * The target counts from the beginning of the review and follows the risk. A change of the settings counts for
 * what is moved or assessed afterwards: nobody's work becomes late because a number was changed.
 */
create function private.tg_kyc_cases__due_at()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  new.due_at := (
    select private.kyc_due_at(verification.status_changed_at, new.risk_level)
    from public.kyc_verifications as verification
    where verification.verification_id = new.verification_id and verification.status = 'in_review'
  );
  return new;
end
$$;
comment on function private.tg_kyc_cases__due_at() is
  'Target time of a case. Why definer: whoever moves a case may not read the settings.';

-- Every move writes the reason, every assessment the level.
create trigger _100_due_at
  before insert or update of reason_code, risk_level on private.kyc_cases
  for each row execute function private.tg_kyc_cases__due_at();
