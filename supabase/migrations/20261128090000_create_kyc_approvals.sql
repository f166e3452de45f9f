/*
 * Decisions that wait for a second person: what was asked for, about which state of the case, and what became
 * of it. The reasons of the first person are written nowhere else until the second has voted.
 *
 * Touches: private.kyc_approvals, private.settings (second_vote_ttl), public.kyc_verifications (a trigger).
 * Not granted: anything of it to any role of the API.
 */

alter table private.settings
  add column second_vote_ttl interval not null default '24 hours' check (second_vote_ttl > '0 seconds');
comment on column private.settings.second_vote_ttl is 'How long a decision, or a change of roles, waits for a second person.';

create table private.kyc_approvals (
  approval_id uuid primary key default private.uuid_v7(),
  verification_id uuid not null references public.kyc_verifications (verification_id) on delete restrict,
  action text not null check (action in ('approve', 'reject', 'request_resubmission', 'revoke', 'reopen')),
  from_status public.kyc_status not null,
  to_status public.kyc_status not null,
  reason_code text not null references private.kyc_reason_codes (code) on delete restrict,
  note text,
  documents jsonb,
  attempt smallint not null,
  version integer not null,
  case_hash bytea not null,
  requested_by uuid not null references public.profiles (user_id) on delete restrict,
  requested_at timestamptz not null default private.now(),
  expires_at timestamptz not null,
  outcome text check (outcome in ('confirmed', 'declined', 'replaced', 'void', 'lapsed')),
  voter_id uuid references public.profiles (user_id) on delete restrict,
  closed_at timestamptz,
  check ((outcome is null) = (closed_at is null)),
  check (coalesce(outcome in ('confirmed', 'declined'), false) = (voter_id is not null)),
  check (voter_id <> requested_by)
);
alter table private.kyc_approvals enable row level security;
create unique index kyc_approvals_one_open_key on private.kyc_approvals (verification_id) where outcome is null;
create index kyc_approvals_verification_id_idx on private.kyc_approvals (verification_id, attempt);
create index kyc_approvals_expires_at_idx on private.kyc_approvals (expires_at) where outcome is null;
create index kyc_approvals_requested_by_idx on private.kyc_approvals (requested_by);
create index kyc_approvals_voter_id_idx on private.kyc_approvals (voter_id) where voter_id is not null;
create index kyc_approvals_reason_code_idx on private.kyc_approvals (reason_code);
comment on table private.kyc_approvals is 'Decisions that need two people. One is open per verification; a closed one stays as it is.';
comment on column private.kyc_approvals.reason_code is 'Reason of the first person, hidden until the second has voted.';
comment on column private.kyc_approvals.documents is '[{document_id, reason_code}] to replace.';
comment on column private.kyc_approvals.case_hash is 'Hash of the case that was judged; another one voids the request.';
comment on column private.kyc_approvals.outcome is
  'Null while it is open; void: the verification moved on; replaced: by another request, or it was no longer current.';

insert into private.personal_data (
  relation, rows_of, section, shown, withheld, withheld_because, erase_now, erase_later, kept_because)
values
  ('private.kyc_approvals',
    't.verification_id in (select v.verification_id from public.kyc_verifications as v where v.user_id = $1)',
    null, '{}', '{}',
    'What was found when your identity was checked may not be disclosed: the law against money laundering forbids tipping off.',
    null, $$note = case when t.note is not null then '[erased]' end$$, 'Ids of staff and codes, for accountability.');

create trigger _100_append_only
  before delete or truncate on private.kyc_approvals
  for each statement execute function private.tg__append_only();

/* A request starts open and about the case as it is; it is closed once; its note may be erased. */
create function private.tg_kyc_approvals__guard()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    if new.outcome is not null or not exists (
      select from public.kyc_verifications as verification
      where verification.verification_id = new.verification_id and verification.status = new.from_status
        and verification.version = new.version
    ) then
      raise exception 'A request starts open, about the verification as it is.' using errcode = 'NF010';
    end if;
  elsif old.outcome is not null and pg_catalog.to_jsonb(new) <> pg_catalog.to_jsonb(old)
      || pg_catalog.jsonb_build_object('note', case when old.note is not null then '[erased]' end)
    or old.outcome is null and pg_catalog.to_jsonb(new) - array['outcome', 'voter_id', 'closed_at', 'note']
      <> pg_catalog.to_jsonb(old) - array['outcome', 'voter_id', 'closed_at', 'note']
    or new.note is distinct from old.note and new.note is distinct from '[erased]' then
    raise exception 'A request is closed once and never changed.' using errcode = 'NF010';
  end if;
  return new;
end
$$;
comment on function private.tg_kyc_approvals__guard() is
  'Keeps requests as they were made. Why definer: whoever writes, the verification is looked up.';
create trigger _200_guard
  before insert or update on private.kyc_approvals
  for each row execute function private.tg_kyc_approvals__guard();

/* Ends an open request without a vote, and says so in the audit, without its reasons. */
create function private.kyc_close_approval(p_approval private.kyc_approvals, p_outcome text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  update private.kyc_approvals set outcome = p_outcome, closed_at = private.now()
  where approval_id = p_approval.approval_id;
  perform private.audit_append(
    'kyc:' || p_approval.verification_id, 'system', 'four_eyes', 'kyc.decision_' || p_outcome, 'kyc_verification',
    p_approval.verification_id::text, null, pg_catalog.jsonb_build_object(
      'approval_id', p_approval.approval_id, 'action', p_approval.action, 'attempt', p_approval.attempt));
end
$$;
comment on function private.kyc_close_approval(private.kyc_approvals, text) is
  'Ends a request. Why definer: requests are granted to nobody.';

/* Whatever moves a verification ends the request about what it was. The confirmed one is closed by then. */
create function private.tg_kyc_verifications__void_approval()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_open private.kyc_approvals;
begin
  select * into v_open from private.kyc_approvals
  where verification_id = new.verification_id and outcome is null for update;
  if found then
    perform private.kyc_close_approval(v_open, 'void');
  end if;
  return null;
end
$$;
comment on function private.tg_kyc_verifications__void_approval() is
  'Voids a request about an earlier version. Why definer: requests are granted to nobody.';
create trigger _500_void_approval
  after update of version on public.kyc_verifications
  for each row
  when (old.version <> new.version and old.status in ('in_review', 'resubmission_required', 'approved', 'rejected'))
  execute function private.tg_kyc_verifications__void_approval();

/*
 * Ends requests that nobody has voted on in time. A vote after the end is refused without this too.
 */
create function private.job_lapse_decisions(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_open private.kyc_approvals;
  v_lapsed integer := 0;
begin
  for v_open in
    select * from private.kyc_approvals
    where outcome is null and expires_at <= private.now()
    order by expires_at limit p_limit for update skip locked
  loop
    perform private.kyc_close_approval(v_open, 'lapsed');
    v_lapsed := v_lapsed + 1;
  end loop;
  return v_lapsed;
end
$$;
comment on function private.job_lapse_decisions(integer) is
  'Requests that lapsed. Why definer: requests and the audit are granted to nobody.';

insert into private.schedules (job, every, routine) values ('lapse_decisions', '1 minute', 'job_lapse_decisions');
