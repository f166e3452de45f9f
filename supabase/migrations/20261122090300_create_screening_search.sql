/*
 * Looking a person up in the lists.
 *
 * Touches: private.screening_similar_words, private.screening_search.
 * Not granted: to any API role; private.kyc_screen uses it.
 */

/*
 * The words of the lists that the words of a name can stand for: place of the own word, the listed word,
 * how similar they are. A word always stands for itself, and for itself joined with its neighbour.
 * p_of_people: look among the words of the people who have been screened instead.
 */
create function private.screening_similar_words(p_words text[], p_of_people boolean default false)
returns table (place integer, word text, similarity real)
language plpgsql
stable
security definer
set search_path = ''
-- A look-up of some words among many: whole scans are never worth it.
set enable_seqscan = off
as $$
declare
  v_joined constant text[] := private.joined_words(p_words);
begin
  return query
  select own.place::integer, own.word, 1::real from unnest(p_words) with ordinality as own (word, place)
  union
  select joined.place::integer + side, joined.word, 1::real
  from unnest(v_joined) with ordinality as joined (word, place)
  cross join pg_catalog.generate_series(0, 1) as side;

  if pg_catalog.to_regprocedure('extensions.similarity(text,text)') is not null then
    perform pg_catalog.set_config('pg_trgm.similarity_threshold', screening_word_threshold::text, true)
    from private.settings;
    for v_place in 1 .. pg_catalog.cardinality(p_words) loop
      if p_of_people then
        return query
        select v_place, known.word, extensions.similarity(known.word, p_words[v_place])
        from private.screening_people_words as known
        where known.word operator(extensions.%) p_words[v_place] and known.word <> p_words[v_place];
      else
        return query
        select v_place, listed.word, extensions.similarity(listed.word, p_words[v_place])
        from private.screening_words as listed
        where listed.word operator(extensions.%) p_words[v_place] and listed.word <> p_words[v_place];
      end if;
    end loop;
  end if;
end
$$;
comment on function private.screening_similar_words(text[], boolean) is
  'Words of the lists like those of a name. Why definer: the lists are granted to nobody.';

/*
 * Ids of the names that hold words like at least two of the given ones, one of them a very similar one, and
 * that fit the years of birth. p_near: words of the lists by place; p_close: those that reach the threshold
 * of the whole name. A mean can only reach it where one of its parts does, so this leaves out nobody.
 * Short words (al, de, bin) do not count as long as there are two longer ones: too many names hold them.
 */
create function private.screening_candidates(p_words text[], p_near jsonb, p_close text[], p_years integer[])
returns setof bigint
language plpgsql
stable
security definer
set search_path = ''
set enable_seqscan = off
as $$
declare
  v_places integer[] := array(
    select place from pg_catalog.generate_subscripts(p_words, 1) as place
    where pg_catalog.char_length(p_words[place]) > 3 order by pg_catalog.char_length(p_words[place]) desc limit 5);
  v_first integer;
  v_second integer;
begin
  if pg_catalog.cardinality(v_places) < 2 then
    v_places := array(
      select place from pg_catalog.generate_subscripts(p_words, 1) as place
      order by pg_catalog.char_length(p_words[place]) desc limit 2);
  end if;
  -- A name of one word has no second one to find.
  if pg_catalog.cardinality(v_places) = 1 then
    v_places := v_places || v_places;
  end if;
  for v_first in 1 .. pg_catalog.cardinality(v_places) - 1 loop
    for v_second in v_first + 1 .. pg_catalog.cardinality(v_places) loop
      -- Planned anew each time: the number of similar words decides how to look.
      return query execute $query$
        select listed.name_id from private.screening_names as listed
        where listed.tokens && $1 and listed.tokens && $2 and listed.tokens && $3
          and ($4 is null or listed.birth_years && $4)
      $query$ using
        p_close,
        array(select pg_catalog.jsonb_array_elements_text(p_near -> (v_places[v_first]::text))),
        array(select pg_catalog.jsonb_array_elements_text(p_near -> (v_places[v_second]::text))),
        p_years;
    end loop;
  end loop;
end
$$;
comment on function private.screening_candidates(text[], jsonb, text[], integer[]) is
  'Names worth comparing. Why definer: the lists are granted to nobody.';

/*
 * Entries of the lists that resemble a person, the most similar first. The score is 1 for a name that is
 * the same but for accents, case, order and script; otherwise the mean of how much of either name is found
 * in the other one, each word by its length and its similarity (pg_trgm), below 1.
 * A null birth date fits every year.
 */
create function private.screening_search(p_name text, p_birth_date date)
returns table (entry_id bigint, matched_name text, score real)
language plpgsql
stable
security definer
set search_path = ''
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  v_settings private.settings;
  v_tolerance integer;
  v_forms record;
  v_places integer[];
  v_words text[];
  v_similarities real[];
  v_by_place jsonb;
  v_close text[];
  v_years integer[];
begin
  select * into strict v_settings from private.settings;
  v_tolerance := v_settings.screening_birth_year_tolerance;
  select * into v_forms from private.screening_forms(p_name);
  if coalesce(v_forms.words, '{}') = '{}' then
    return;
  end if;
  v_years := array(
    select extract(year from p_birth_date)::integer + away
    from pg_catalog.generate_series(-v_tolerance, v_tolerance) as away
    where p_birth_date is not null);
  select pg_catalog.array_agg(found.place), pg_catalog.array_agg(found.word), pg_catalog.array_agg(found.similarity),
    pg_catalog.array_agg(distinct found.word) filter (where found.similarity >= v_settings.screening_threshold)
  into v_places, v_words, v_similarities, v_close
  from private.screening_similar_words(v_forms.words) as found;
  select pg_catalog.jsonb_object_agg(by_place.place, by_place.words) into v_by_place
  from (
    select found.place, pg_catalog.jsonb_agg(found.word) as words
    from unnest(v_places, v_words) as found (place, word) group by found.place
  ) as by_place;

  return query
  with similar_words as materialized (
    select * from unnest(v_places, v_words, v_similarities) as found (place, word, similarity)
  ),
  candidates as materialized (
    select listed.*
    from private.screening_names as listed
    where listed.name_id in (
      select private.screening_candidates(
        v_forms.words, v_by_place, v_close, case when v_years <> '{}' then v_years || 0 end))
  ),
  of_person as (
    -- How much of the person's name the listed one holds.
    select best.name_id, sum(best.similarity * pg_catalog.char_length(v_forms.words[best.place])) as found
    from (
      select candidate.name_id, similar_words.place, max(similar_words.similarity) as similarity
      from candidates as candidate
      cross join unnest(candidate.tokens) as token
      join similar_words on similar_words.word = token
      group by candidate.name_id, similar_words.place
    ) as best
    group by best.name_id
  ),
  of_entry as (
    -- And the other way round.
    select best.name_id, sum(best.similarity * pg_catalog.char_length(best.word)) as found,
      sum(pg_catalog.char_length(best.word)) as whole
    from (
      select candidate.name_id, listed.place, listed.word, coalesce(max(similar_words.similarity), 0) as similarity
      from candidates as candidate
      cross join unnest(candidate.words) with ordinality as listed (word, place)
      left join similar_words on similar_words.word = listed.word
      group by candidate.name_id, listed.place, listed.word
    ) as best
    group by best.name_id
  ),
  scored as (
    select distinct on (candidate.entry_id) candidate.entry_id, candidate.name,
      case when candidate.normalised = v_forms.normalised then 1
        else least(0.99, (of_person.found / (
          select sum(pg_catalog.char_length(word)) from unnest(v_forms.words) as word
        ) + of_entry.found / of_entry.whole) / 2)
      end::real as score
    from candidates as candidate
    join of_person using (name_id)
    join of_entry using (name_id)
    order by candidate.entry_id, score desc, candidate.name_id
  )
  select scored.entry_id, scored.name, scored.score
  from scored
  where scored.score >= v_settings.screening_threshold
  order by scored.score desc, scored.entry_id
  limit v_settings.screening_max_hits;
end
$$;
comment on function private.screening_search(text, date) is
  'Looks a person up in the lists. Why definer: the lists are granted to nobody.';
