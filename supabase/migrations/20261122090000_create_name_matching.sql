/*
 * Names in a form in which they can be compared: without accents, case, order and script. Written with
 * core functions alone, so that it gives the same everywhere; the extension unaccent is not needed.
 *
 * Touches: functions in `private` only.
 * Not granted: to any API role.
 */

/*
 * A name in small Latin letters and digits, words in their order: accents dropped, Cyrillic and Greek
 * transliterated, umlauts and their two-letter spellings made equal (Müller, Mueller), apostrophes closed
 * up (O'Neil), all other marks to spaces. Scripts that have no letter-by-letter reading stay as they are.
 */
create function private.clean_name(p_name text)
returns text
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
declare
  v_name text := pg_catalog.lower(p_name);
begin
  -- Most names are plain ASCII and need none of this.
  if v_name ~ '[^\u0001-\u007f]' then
    v_name := pg_catalog.translate(pg_catalog.normalize(v_name, 'NFKC'), 'йўøłđðħıŋſ’‘ʼʻ´ʿʾ', 'yuolddhins');
    v_name := pg_catalog.regexp_replace(
      pg_catalog.normalize(v_name, 'NFD'), '[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]', '', 'g');
    v_name := pg_catalog.translate(v_name, 'абвгґдезиіклмнопрстуфыэєјћъь', 'abvggdeziiklmnoprstufyeejc');
    v_name := pg_catalog.translate(replace(v_name, 'ου', 'ou'), 'αβγδεζηικλμνξοπρσςτυφω', 'avgdeziiklmnxoprsstyfo');
    v_name := replace(replace(replace(replace(replace(replace(replace(replace(replace(v_name,
      'ж', 'zh'), 'х', 'kh'), 'ц', 'ts'), 'ч', 'ch'), 'щ', 'shch'), 'ш', 'sh'), 'ю', 'yu'), 'я', 'ya'), 'љ', 'lj');
    v_name := replace(replace(replace(replace(replace(replace(replace(replace(replace(v_name,
      'њ', 'nj'), 'џ', 'dz'), 'ђ', 'dj'), 'θ', 'th'), 'χ', 'ch'), 'ψ', 'ps'), 'ß', 'ss'), 'þ', 'th'), 'æ', 'ae');
    v_name := replace(v_name, 'œ', 'oe');
  end if;
  v_name := pg_catalog.regexp_replace(v_name, '[''`"]+', '', 'g');
  v_name := pg_catalog.btrim(pg_catalog.regexp_replace(
    v_name, '[\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u060c\u061b\u061f\u2000-\u206f\u3000-\u303f\u30fb]+', ' ', 'g'));
  return replace(replace(replace(v_name, 'ae', 'a'), 'oe', 'o'), 'ue', 'u');
end
$$;
comment on function private.clean_name(text) is 'A name in small Latin letters, words in their order.';

/* A name as it is compared for being the same: cleaned, its words in alphabetical order. */
create function private.normalise_name(p_name text)
returns text
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
begin
  return (
    select coalesce(pg_catalog.string_agg(word, ' ' order by word collate "C"), '')
    from pg_catalog.regexp_split_to_table(private.clean_name(p_name), ' ') as word
    where word <> ''
  );
end
$$;
comment on function private.normalise_name(text) is 'A name without accents, case and order.';

/*
 * The words of a cleaned name in a spelling that is the same for many ways to write one sound: kh and h, y
 * and i, o and u, doubled letters. Coarser than a spelling, so two names that only this makes equal are
 * alike and not the same.
 */
create function private.name_sounds(p_clean_name text)
returns text[]
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.array_remove(pg_catalog.string_to_array(
    pg_catalog.regexp_replace(
      pg_catalog.translate(
        replace(replace(replace(p_clean_name, 'kh', 'h'), 'ph', 'f'), 'ck', 'k'), 'wyjcqoe', 'viikkui'),
      '(\S)\1+', '\1', 'g'),
    ' '), '');
end
$$;
comment on function private.name_sounds(text) is 'Words of a name in a coarse spelling.';

/* Neighbouring words of a longer name written as one: some write Abdul Rahman, others Abdulrahman. */
create function private.joined_words(p_words text[])
returns text[]
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
begin
  return case when pg_catalog.cardinality(p_words) < 3 then '{}' else array(
    select pg_catalog.regexp_replace(p_words[place] || p_words[place + 1], '(.)\1+', '\1', 'g')
    from pg_catalog.generate_series(1, pg_catalog.cardinality(p_words) - 1) as place
  ) end;
end
$$;
comment on function private.joined_words(text[]) is 'Pairs of neighbouring words as one word each.';
