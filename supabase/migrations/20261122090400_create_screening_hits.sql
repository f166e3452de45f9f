/*
 * Hits: entries of lists that resemble a person, and what staff thinks of each. A decision is kept for the
 * person and the entry, over all verifications, as long as both stay as they were judged.
 *
 * Touches: private.screening_hits, private.screening_decisions, private.screening_reopen_changed,
 * private.kyc_screen.
 * Not granted: the tables to anybody. The person learns nothing of any of it.
 */

create table private.screening_hits (
  hit_id uuid primary key default private.uuid_v7(),
  user_id uuid not null references public.profiles (user_id) on delete restrict,
  verification_id uuid not null references public.kyc_verifications (verification_id) on delete restrict,
  list_name text not null,
  entry_ref text not null,
  kind text not null check (kind in ('sanctions', 'pep', 'adverse_media')),
  matched_name text not null,
  score real not null check (score between 0 and 1),
  entry_hash bytea not null,
  person_hash bytea not null,
  status text not null default 'open' check (status in ('open', 'confirmed', 'dismissed')),
  decided_by uuid references public.profiles (user_id) on delete restrict,
  decided_at timestamptz,
  found_at timestamptz not null default private.now(),
  last_found_at timestamptz not null default private.now(),
  unique (user_id, list_name, entry_ref),
  check ((status = 'open') = (decided_at is null)),
  check ((decided_at is null) = (decided_by is null))
);
alter table private.screening_hits enable row level security;
create index screening_hits_verification_id_idx on private.screening_hits (verification_id);
create index screening_hits_decided_by_idx on private.screening_hits (decided_by) where decided_by is not null;
create index screening_hits_entry_idx on private.screening_hits (list_name, entry_ref);
comment on table private.screening_hits is 'Entries of lists that resemble a person. No foreign key to the entry: a hit outlives it.';
comment on column private.screening_hits.verification_id is 'The verification in which it was found last.';
comment on column private.screening_hits.matched_name is 'The listed name that came closest. Public data of somebody else, or of the person.';
comment on column private.screening_hits.entry_hash is 'What the entry said when it was found last; the decision, if there is one, is about this.';
comment on column private.screening_hits.person_hash is 'Hash of names and birth dates that were screened; another name is another question.';

create table private.screening_decisions (
  decision_id uuid primary key default private.uuid_v7(),
  hit_id uuid not null references private.screening_hits (hit_id) on delete restrict,
  verification_id uuid not null references public.kyc_verifications (verification_id) on delete restrict,
  decision text not null check (decision in ('confirmed', 'dismissed')),
  entry_hash bytea not null,
  person_hash bytea not null,
  note text not null check (pg_catalog.char_length(note) between 1 and 4000),
  decided_by uuid not null references public.profiles (user_id) on delete restrict,
  decided_at timestamptz not null default private.now()
);
alter table private.screening_decisions enable row level security;
create index screening_decisions_hit_id_idx on private.screening_decisions (hit_id, decision_id);
create index screening_decisions_verification_id_idx on private.screening_decisions (verification_id);
create index screening_decisions_decided_by_idx on private.screening_decisions (decided_by);
create trigger _100_append_only
  before delete or truncate on private.screening_decisions
  for each statement execute function private.tg__append_only();
create trigger _200_only_erase
  before update on private.screening_decisions
  for each row execute function private.tg__append_only_but_erasure('note');
comment on table private.screening_decisions is 'Every decision on a hit, also those that no longer hold. Written once.';

insert into private.personal_data (
  relation, rows_of, section, shown, withheld, withheld_because, erase_now, erase_later, kept_because)
values
  ('private.screening_hits', 't.user_id = $1', null, '{}', '{}',
    'What was found when your identity was checked may not be disclosed: the law against money laundering forbids tipping off.',
    null, $$matched_name = '[erased]', person_hash = ''$$, 'Ids and codes only.'),
  ('private.screening_decisions', 't.hit_id in (select h.hit_id from private.screening_hits as h where h.user_id = $1)',
    null, '{}', '{}',
    'What was found when your identity was checked may not be disclosed: the law against money laundering forbids tipping off.',
    null, $$note = '[erased]'$$, 'Ids of staff and codes, for accountability.');

/*
 * Opens the decided hits on entries that have changed, and marks the cases. Returns how many were opened.
 * Part of screening_apply. Each verification is locked before its hit, as everywhere.
 */
create function private.screening_reopen_changed(p_entry_ids bigint[])
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_hit record;
  v_opened integer := 0;
begin
  for v_hit in
    select hit.hit_id, hit.verification_id, entry.entry_hash
    from private.screening_hits as hit
    join private.screening_entries as entry
      on hit.list_name = entry.list_name and hit.entry_ref = entry.entry_ref
    where entry.entry_id = any (p_entry_ids)
    order by hit.verification_id, hit.hit_id
  loop
    perform from public.kyc_verifications where verification_id = v_hit.verification_id for update;
    update private.screening_hits
    set status = 'open', decided_by = null, decided_at = null, entry_hash = v_hit.entry_hash
    where hit_id = v_hit.hit_id and status <> 'open' and entry_hash <> v_hit.entry_hash;
    if found then
      v_opened := v_opened + 1;
      perform private.screening_suspect(v_hit.verification_id);
      perform private.screening_note_reopened(v_hit.verification_id, v_hit.hit_id, 'entry');
    end if;
  end loop;
  return v_opened;
end
$$;
comment on function private.screening_reopen_changed(bigint[]) is 'Opens hits whose entry has changed.';

/* Tells audit and queue that a decision no longer holds; p_changed: entry or person. */
create function private.screening_note_reopened(p_verification_id uuid, p_hit_id uuid, p_changed text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  update private.kyc_cases set flags = flags || 'screening_changed'::text
  where verification_id = p_verification_id and not 'screening_changed' = any (flags);
  perform private.audit_append(
    'kyc:' || p_verification_id, 'system', 'screening', 'kyc.screening_hit_reopened', 'screening_hit', p_hit_id::text,
    null, pg_catalog.jsonb_build_object('changed', p_changed));
end
$$;
comment on function private.screening_note_reopened(uuid, uuid, text) is
  'Notes an opened hit. Why definer: cases are granted to nobody.';

/* Who an attempt is about: as submitted, and as the provider read it from the documents, if that differs. */
create function private.kyc_identities(p_attempt private.kyc_attempts)
returns table (name text, birth_date date)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return query
  select distinct on (private.normalise_name(told.name), told.birth_date) told.name, told.birth_date
  from (
    select pg_catalog.concat_ws(' ', said ->> 'first_name', said ->> 'middle_name', said ->> 'last_name') as name,
      case when pg_catalog.pg_input_is_valid(said ->> 'date_of_birth', 'date') then (said ->> 'date_of_birth')::date end
        as birth_date
    from unnest(array[p_attempt.applicant, p_attempt.extracted]) as said
  ) as told
  where told.name <> ''
  order by private.normalise_name(told.name), told.birth_date;
end
$$;
comment on function private.kyc_identities(private.kyc_attempts) is 'Names and birth dates of an attempt.';

/*
 * Screens the person of an attempt against all lists and keeps the hits.
 * Returns: [{hit_id, kind, status, score, is_counted}]. A dismissal counts from the next submission on:
 * within the attempt a hit keeps its weight, so that one person cannot take away the need for a second.
 */
create function private.kyc_screen(p_attempt private.kyc_attempts)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid;
  v_person_hash bytea;
  v_found record;
  v_old private.screening_hits;
  v_hit private.screening_hits;
  v_is_judged boolean;
  v_hits jsonb := '[]';
begin
  perform private.screening_note_person(p_attempt);
  if not exists (select from private.screening_lists) then
    return v_hits;
  end if;
  select user_id into strict v_user_id from public.kyc_verifications
  where verification_id = p_attempt.verification_id;
  select pg_catalog.sha256(pg_catalog.convert_to(
    pg_catalog.string_agg(private.normalise_name(told.name) || '|' || coalesce(told.birth_date::text, ''), E'\n'), 'UTF8'))
  into v_person_hash
  from private.kyc_identities(p_attempt) as told;
  for v_found in
    select distinct on (match.entry_id) entry.list_name, entry.entry_ref, entry.kind, entry.entry_hash,
      match.matched_name, match.score
    from private.kyc_identities(p_attempt) as told
    cross join lateral private.screening_search(told.name, told.birth_date) as match
    join private.screening_entries as entry using (entry_id)
    order by match.entry_id, match.score desc
  loop
    select * into v_old from private.screening_hits
    where user_id = v_user_id and list_name = v_found.list_name and entry_ref = v_found.entry_ref for update;
    v_is_judged := coalesce(v_old.status <> 'open'
      and v_old.entry_hash = v_found.entry_hash and v_old.person_hash = v_person_hash, false);
    insert into private.screening_hits as hit (
      user_id, verification_id, list_name, entry_ref, kind, matched_name, score, entry_hash, person_hash)
    values (
      v_user_id, p_attempt.verification_id, v_found.list_name, v_found.entry_ref, v_found.kind,
      pg_catalog.left(v_found.matched_name, 300), v_found.score, v_found.entry_hash, v_person_hash)
    on conflict (user_id, list_name, entry_ref) do update
    set verification_id = excluded.verification_id, kind = excluded.kind, matched_name = excluded.matched_name,
        score = excluded.score, entry_hash = excluded.entry_hash, person_hash = excluded.person_hash,
        last_found_at = excluded.last_found_at,
        status = case when v_is_judged then hit.status else 'open' end,
        decided_by = case when v_is_judged then hit.decided_by end,
        decided_at = case when v_is_judged then hit.decided_at end
    returning * into v_hit;

    if v_old.hit_id is null then
      perform private.audit_append(
        'kyc:' || p_attempt.verification_id, 'system', 'screening', 'kyc.screening_hit_found', 'screening_hit',
        v_hit.hit_id::text, null, pg_catalog.jsonb_build_object(
          'list', v_hit.list_name, 'entry', v_hit.entry_ref, 'attempt', p_attempt.attempt));
    elsif v_old.status <> 'open' and not v_is_judged then
      perform private.screening_note_reopened(p_attempt.verification_id, v_hit.hit_id,
        case when v_old.entry_hash = v_hit.entry_hash then 'person' else 'entry' end);
    end if;
    v_hits := v_hits || pg_catalog.jsonb_build_object(
      'hit_id', v_hit.hit_id, 'kind', v_hit.kind, 'status', v_hit.status, 'score', v_hit.score,
      'is_counted', v_hit.status <> 'dismissed' or v_hit.decided_at > p_attempt.submitted_at);
  end loop;
  return v_hits;
end
$$;
comment on function private.kyc_screen(private.kyc_attempts) is
  'Screens a person. Why definer: lists and hits are granted to nobody.';
