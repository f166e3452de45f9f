/*
 * The names of the people who are verified or on the way there, prepared so that an entry of a list can be
 * looked up among them. A list that changes in ten places then costs ten look-ups, not one per person.
 *
 * Touches: private.screening_people, private.screening_people_words, private.screening_note_person,
 * private.screening_people_like.
 * Not granted: anything to any API role.
 */

create table private.screening_people (
  verification_id uuid not null references public.kyc_verifications (verification_id) on delete cascade,
  normalised text not null,
  birth_year integer not null,
  attempt smallint not null,
  words text[] not null,
  tokens text[] not null,
  joined text[] not null,
  primary key (verification_id, normalised, birth_year)
);
alter table private.screening_people enable row level security;
create index screening_people_tokens_idx on private.screening_people using gin (tokens);
create index screening_people_single_idx on private.screening_people using gin (tokens)
  where pg_catalog.cardinality(words) = 1;
create index screening_people_joined_idx on private.screening_people using gin (joined);
comment on table private.screening_people is
  'Names of people with an open or approved verification, as private.screening_names has those of the lists.';
comment on column private.screening_people.birth_year is '0 where it is not known.';
comment on column private.screening_people.joined is 'Neighbouring words as one; part of the tokens, but each stands for two words.';
comment on column private.screening_people.attempt is 'The attempt that said so; names of earlier ones go.';

-- As private.screening_words. A word goes with the last person who has it: a rare one may name somebody.
create table private.screening_people_words (
  word text primary key
);
alter table private.screening_people_words enable row level security;
comment on table private.screening_people_words is 'Every word of those names, once, without whose it is.';
do $$
begin
  if pg_catalog.to_regprocedure('extensions.similarity(text,text)') is not null then
    create index screening_people_words_trgm_idx on private.screening_people_words using gin (word extensions.gin_trgm_ops);
  end if;
end
$$;

insert into private.personal_data (
  relation, rows_of, section, shown, withheld, withheld_because, erase_now, erase_later, kept_because)
values
  ('private.screening_people',
    't.verification_id in (select v.verification_id from public.kyc_verifications as v where v.user_id = $1)',
    null, '{}', '{}', 'The names and the birth date that you gave, in another spelling.', 'delete', 'delete', null);

/* Notes whom an attempt is about; part of kyc_screen. Words are written in order, so that two writers queue. */
create function private.screening_note_person(p_attempt private.kyc_attempts)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_words text[];
  v_held integer;
begin
  insert into private.screening_people as noted (verification_id, normalised, birth_year, attempt, words, tokens, joined)
  select distinct p_attempt.verification_id, forms.normalised, coalesce(extract(year from told.birth_date)::integer, 0),
    p_attempt.attempt, forms.words, forms.tokens, private.joined_words(forms.words)
  from private.kyc_identities(p_attempt) as told
  cross join lateral private.screening_forms(told.name) as forms
  where forms.words <> '{}'
  on conflict (verification_id, normalised, birth_year) do update
  set attempt = excluded.attempt where noted.attempt <> excluded.attempt;
  v_words := array(
    select distinct word
    from private.screening_people as noted cross join unnest(noted.words) as word
    where noted.verification_id = p_attempt.verification_id and noted.attempt = p_attempt.attempt
    order by word);
  loop
    insert into private.screening_people_words (word) select unnest(v_words) on conflict (word) do nothing;
    -- Held until this is committed, so that nobody who does not see it yet takes a word away.
    perform from private.screening_people_words where word = any (v_words) order by word for key share;
    get diagnostics v_held = row_count;
    exit when v_held = pg_catalog.cardinality(v_words);
  end loop;
  delete from private.screening_people
  where verification_id = p_attempt.verification_id and attempt <> p_attempt.attempt;
end
$$;
comment on function private.screening_note_person(private.kyc_attempts) is
  'Keeps the names of an attempt for later lists. Why definer: they are granted to nobody.';

/* Takes away the words that nobody has any more. One that somebody is just noting is theirs. */
create function private.tg_screening_people__forget_words()
returns trigger
language plpgsql
security definer
set search_path = ''
set enable_seqscan = off
as $$
begin
  delete from private.screening_people_words as known
  where known.word in (
      select held.word from private.screening_people_words as held
      where held.word in (select word from gone cross join unnest(gone.words) as word)
      order by held.word for update skip locked)
    and not exists (select from private.screening_people as other where other.tokens @> array[known.word]);
  return null;
end
$$;
comment on function private.tg_screening_people__forget_words() is
  'Keeps the words in step with the people. Why definer: they are granted to nobody.';
create trigger _100_forget_words
  after delete on private.screening_people referencing old table as gone
  for each statement execute function private.tg_screening_people__forget_words();

/*
 * Verifications of people who may resemble an entry: at least two words alike, one of them very much, and a
 * year of birth that fits. Never fewer than private.screening_search() finds the entry for, so it takes every
 * pair of words where that one takes the longest; often more, so each of them is screened.
 */
create function private.screening_people_like(p_entry_id bigint)
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
set enable_seqscan = off
as $$
declare
  v_settings private.settings;
  v_listed record;
  v_near jsonb;
  v_close text[];
  v_years integer[];
  v_count integer;
begin
  select * into strict v_settings from private.settings;
  for v_listed in
    select listed.words, listed.birth_years from private.screening_names as listed where listed.entry_id = p_entry_id
  loop
    select pg_catalog.jsonb_object_agg(by_place.place, by_place.words),
      array(select distinct word from pg_catalog.jsonb_array_elements_text(pg_catalog.jsonb_path_query_array(
        pg_catalog.jsonb_agg(by_place.close), '$[*][*]')) as word)
    into v_near, v_close
    from (
      -- Asked once: the words that are alike are what costs.
      select found.place, pg_catalog.jsonb_agg(distinct found.word) as words,
        coalesce(pg_catalog.jsonb_agg(distinct found.word) filter (
          where found.similarity >= v_settings.screening_threshold), '[]') as close
      from private.screening_similar_words(v_listed.words, true) as found group by found.place
    ) as by_place;
    v_count := pg_catalog.cardinality(v_listed.words);
    v_years := case when not 0 = any (v_listed.birth_years) then array(
      select year + away from unnest(v_listed.birth_years) as year
      cross join pg_catalog.generate_series(
        -v_settings.screening_birth_year_tolerance::integer, v_settings.screening_birth_year_tolerance) as away) || 0 end;
    -- Who has one word has no second one to find, and two words that the list writes as one are two.
    return query execute $query$
      select person.verification_id from private.screening_people as person
      where (person.tokens && $1 and pg_catalog.cardinality(person.words) = 1 or person.joined && $2)
        and ($3 is null or person.birth_year = any ($3))
    $query$ using v_close, v_listed.words, v_years;
    for v_first in 1 .. greatest(v_count - 1, 1) loop
      for v_second in least(v_first + 1, v_count) .. v_count loop
        -- Planned anew each time: the number of similar words decides how to look.
        return query execute $query$
          select person.verification_id from private.screening_people as person
          where person.tokens && $1 and person.tokens && $2 and person.tokens && $3
            and ($4 is null or person.birth_year = any ($4))
        $query$ using
          v_close,
          array(select pg_catalog.jsonb_array_elements_text(v_near -> (v_first::text))),
          array(select pg_catalog.jsonb_array_elements_text(v_near -> (v_second::text))),
          v_years;
      end loop;
    end loop;
  end loop;
end
$$;
comment on function private.screening_people_like(bigint) is
  'People worth screening for an entry. Why definer: their names are granted to nobody.';
