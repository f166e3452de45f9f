/*
 * A new version of a list and the people who are verified already: what is new or changed in it is looked up
 * among their names, whoever may be meant is screened, and an approval with an undecided hit goes back to
 * staff as a monitoring hit. Three queues of rows, so that every run is bounded and goes on where the last
 * one stopped.
 *
 * Touches: private.screening_changes, private.screening_suspects; the jobs screen_changes and
 * rescreen_people; a trigger on public.kyc_verifications.
 * Not granted: anything to any API role; service_role runs the jobs through private.run_schedules().
 */

create table private.screening_changes (
  entry_id bigint primary key references private.screening_entries (entry_id) on delete cascade,
  seen_in xid8
);
alter table private.screening_changes enable row level security;
create index screening_changes_unseen_idx on private.screening_changes (entry_id) where seen_in is null;
comment on table private.screening_changes is 'Entries that came or changed and have not been looked up among the people yet.';
comment on column private.screening_changes.seen_in is
  'The transaction that saw the entry first. Once everything that ran at that moment has ended, nobody is screened against the old list any more and everybody who was can be found.';

-- No foreign key: writing one would wait for whoever holds the verification.
create table private.screening_suspects (
  verification_id uuid primary key,
  due_at timestamptz not null default private.now()
);
alter table private.screening_suspects enable row level security;
create index screening_suspects_due_at_idx on private.screening_suspects (due_at, verification_id);
comment on table private.screening_suspects is 'Verifications of people who may resemble a changed entry and are to be screened.';
comment on column private.screening_suspects.due_at is 'Later, where the person could not be shown to staff yet.';

insert into private.personal_data (
  relation, rows_of, section, shown, withheld, withheld_because, erase_now, erase_later, kept_because)
values
  ('private.screening_suspects',
    't.verification_id in (select v.verification_id from public.kyc_verifications as v where v.user_id = $1)',
    null, '{}', '{}',
    'What was found when your identity was checked may not be disclosed: the law against money laundering forbids tipping off.',
    'delete', 'delete', null);

insert into private.schedules (job, every, routine) values
  ('screen_changes', '1 minute', 'job_screen_changes'),
  ('rescreen_people', '1 minute', 'job_rescreen_people');

/* Remembers which entries are to be looked up among the people; part of screening_apply. */
create function private.screening_queue_changes(p_entry_ids bigint[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  insert into private.screening_changes (entry_id)
  select entry_id from unnest(p_entry_ids) as entry_id order by entry_id
  on conflict (entry_id) do update set seen_in = null;
end
$$;
comment on function private.screening_queue_changes(bigint[]) is 'Queues changed entries.';

/* Queues the person of a verification for screening: every verification of theirs that counts. */
create function private.screening_suspect(p_verification_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  insert into private.screening_suspects as queued (verification_id)
  select distinct noted.verification_id
  from public.kyc_verifications as known
  join public.kyc_verifications as same on same.user_id = known.user_id
  join private.screening_people as noted on noted.verification_id = same.verification_id
  where known.verification_id = p_verification_id
  order by noted.verification_id
  on conflict (verification_id) do update set due_at = least(queued.due_at, excluded.due_at);
end
$$;
comment on function private.screening_suspect(uuid) is
  'Queues a person for screening. Why definer: the queue is granted to nobody.';

/*
 * Looks changed entries up among the people and queues whoever may be meant. At most ten entries per row of
 * the limit and one second, whichever comes first; the answer is a full batch as long as there are more.
 */
create function private.job_screen_changes(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_until constant timestamptz := pg_catalog.clock_timestamp() + interval '1 second';
  v_entry_id bigint;
  v_done integer := 0;
  v_seen integer;
begin
  for v_entry_id in
    select entry_id from private.screening_changes
    where seen_in < pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())
    order by entry_id limit p_limit * 10 for update skip locked
  loop
    insert into private.screening_suspects as queued (verification_id)
    select distinct verification_id from private.screening_people_like(v_entry_id) as verification_id
    order by verification_id
    on conflict (verification_id) do update set due_at = least(queued.due_at, excluded.due_at);
    delete from private.screening_changes where entry_id = v_entry_id;
    v_done := v_done + 1;
    if pg_catalog.clock_timestamp() > v_until then
      return greatest(v_done, p_limit);
    end if;
  end loop;

  update private.screening_changes set seen_in = pg_catalog.pg_current_xact_id()
  where entry_id in (
    select entry_id from private.screening_changes where seen_in is null
    order by entry_id limit p_limit * 10 for update skip locked);
  get diagnostics v_seen = row_count;
  return greatest(v_done, v_seen);
end
$$;
comment on function private.job_screen_changes(integer) is
  'Finds who may be meant by a changed entry. Why definer: lists and people are granted to nobody.';

/*
 * Screens one person again. The verification is locked.
 * Returns: whether that is settled; false while another verification of the person is open, because only one
 * may be: the case is flagged meanwhile, and the open one cannot be approved past the hit.
 */
create function private.screening_review(p_verification public.kyc_verifications)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_before constant jsonb := private.screening_open_hits(p_verification.user_id);
  v_attempt private.kyc_attempts;
  v_open jsonb;
begin
  select * into v_attempt from private.kyc_attempts
  where verification_id = p_verification.verification_id order by attempt desc limit 1;
  -- An approval that a renewal has replaced counts for nothing; the renewal is looked up itself.
  if p_verification.status not in ('submitted', 'processing', 'in_review', 'approved') or v_attempt.attempt is null
    or p_verification.status = 'approved'
      and private.kyc_approved_until(p_verification.user_id) is distinct from p_verification.expires_at then
    return true;
  end if;
  perform private.kyc_screen(v_attempt);
  v_open := private.screening_open_hits(p_verification.user_id);
  if v_open = '[]' then
    return true;
  end if;

  if p_verification.status = 'approved' then
    if private.kyc_flag_beside_renewal(p_verification, 'monitoring_hit') then
      return false;
    end if;
    perform private.risk_assess(p_verification.verification_id, 'monitoring');
    -- The lists report as a provider that monitors would.
    perform private.kyc_transition(
      p_verification.verification_id, 'in_review', 'provider', 'screening', 'monitoring_hit');
    update private.kyc_cases set flags = pg_catalog.array_remove(flags, 'monitoring_hit')
    where verification_id = p_verification.verification_id and 'monitoring_hit' = any (flags);
  elsif p_verification.status = 'in_review' and not v_open <@ v_before then
    perform private.risk_assess(p_verification.verification_id, 'monitoring');
    perform private.kyc_take_over_review(p_verification.verification_id, 'monitoring_hit')
    from private.kyc_cases
    where verification_id = p_verification.verification_id and review_owner = 'provider';
  end if;
  return true;
end
$$;
comment on function private.screening_review(public.kyc_verifications) is
  'Screens a person again. Why definer: cases, hits and lists are granted to nobody.';

/*
 * Whether another verification of the person is open, so that this one cannot go to staff: only one may be
 * open. The case is flagged then, which staff sees, and both stay as they are.
 */
create function private.kyc_flag_beside_renewal(p_verification public.kyc_verifications, p_flag text)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if not exists (
    select from public.kyc_verifications
    where user_id = p_verification.user_id and private.kyc_is_open(status)
      and verification_id <> p_verification.verification_id
  ) then
    return false;
  end if;
  update private.kyc_cases set flags = flags || p_flag
  where verification_id = p_verification.verification_id and not p_flag = any (flags);
  return true;
end
$$;
comment on function private.kyc_flag_beside_renewal(public.kyc_verifications, text) is
  'Flags a case that cannot be opened. Why definer: cases are granted to nobody.';

/* Ids of the undecided hits on a person. */
create function private.screening_open_hits(p_user_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select coalesce(pg_catalog.jsonb_agg(hit_id), '[]') from private.screening_hits
    where user_id = p_user_id and status = 'open'
  );
end
$$;
comment on function private.screening_open_hits(uuid) is
  'Undecided hits of a person. Why definer: hits are granted to nobody.';

/*
 * Screens the queued people. A verification that somebody holds is left for the next run; the verification
 * is locked before its row in the queue, as everywhere.
 */
create function private.job_rescreen_people(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_id uuid;
  v_verification public.kyc_verifications;
  v_done integer := 0;
begin
  for v_id in
    select verification_id from private.screening_suspects
    where due_at <= private.now() order by due_at, verification_id limit p_limit
  loop
    select * into v_verification from public.kyc_verifications where verification_id = v_id for update skip locked;
    continue when not found and exists (select from public.kyc_verifications where verification_id = v_id);
    if v_verification.verification_id is null or private.screening_review(v_verification) then
      delete from private.screening_suspects where verification_id = v_id;
    else
      update private.screening_suspects set due_at = private.now() + interval '1 hour' where verification_id = v_id;
    end if;
    v_done := v_done + 1;
  end loop;
  return v_done;
end
$$;
comment on function private.job_rescreen_people(integer) is
  'Screens people again. Why definer: cases, hits and lists are granted to nobody.';

/* People whose verification has ended are not looked up any more; one that is opened again is. */
create function private.tg_kyc_verifications__screening()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if new.status in ('rejected', 'abandoned', 'cancelled', 'expired', 'revoked') then
    delete from private.screening_people where verification_id = new.verification_id;
  elsif old.status = 'rejected' then
    perform private.screening_note_person(newest) from private.kyc_attempts as newest
    where newest.verification_id = new.verification_id order by newest.attempt desc limit 1;
    perform private.screening_suspect(new.verification_id);
  end if;
  return null;
end
$$;
comment on function private.tg_kyc_verifications__screening() is
  'Keeps the names of people in step. Why definer: they are granted to nobody.';
create trigger _800_screening
  after update of status on public.kyc_verifications
  for each row when (old.status is distinct from new.status)
  execute function private.tg_kyc_verifications__screening();
