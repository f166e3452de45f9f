/*
 * Loading a list: its entries are staged, then put in force in one transaction, so that a screening sees
 * the old version or the new one and nothing between.
 *
 * Touches: private.screening_stage, private.screening_apply.
 * Not granted: to any API role. scripts/screening-load.ts calls them as the owner of the schema.
 */

/*
 * Stages entries of a list: [{ref, kind, name, aliases [..], birth_dates [..], birth_years [..],
 * countries [..]}]. Returns how many. Raises NF001 for an entry that is there already (detail = its ref).
 */
create function private.screening_stage(p_load_id uuid, p_entries jsonb)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_staged integer;
begin
  insert into private.screening_staging (
    load_id, entry_ref, kind, name, aliases, birth_dates, birth_years, countries, entry_hash)
  select p_load_id, entry.ref, entry.kind, entry.name, entry.aliases, entry.birth_dates, entry.birth_years,
    entry.countries,
    pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.jsonb_build_array(
      entry.kind, entry.name, entry.aliases, entry.birth_dates, entry.birth_years, entry.countries)::text, 'UTF8'))
  from (
    -- The order in which a publisher lists aliases and dates means nothing.
    select given.ref, given.kind, given.name,
      array(select distinct a from unnest(given.aliases) as a where a <> given.name order by a) as aliases,
      array(select distinct d from unnest(given.birth_dates) as d order by d) as birth_dates,
      array(select distinct y from unnest(given.birth_years) as y order by y) as birth_years,
      array(select distinct c from unnest(given.countries) as c order by c) as countries
    from pg_catalog.jsonb_to_recordset(p_entries) as given (
      ref text, kind text, name text, aliases text[], birth_dates text[], birth_years integer[], countries text[])
  ) as entry;
  get diagnostics v_staged = row_count;
  return v_staged;
exception when unique_violation then
  raise exception 'The list holds an entry twice.' using errcode = 'NF001', detail = 'ref';
end
$$;
comment on function private.screening_stage(uuid, jsonb) is 'Stages entries of a list that is being loaded.';

/* A name in the forms that the search needs. */
create function private.screening_forms(p_name text, out normalised text, out words text[], out tokens text[])
language plpgsql
immutable
strict
parallel safe
security invoker
set search_path = ''
as $$
declare
  v_clean constant text := private.clean_name(p_name);
begin
  normalised := private.normalise_name(p_name);
  words := private.name_sounds(v_clean);
  tokens := words || private.joined_words(words);
end
$$;
comment on function private.screening_forms(text) is 'A name as it is searched for.';

/* Prepares the names of entries for the search; part of screening_apply. */
create function private.screening_index(p_entry_ids bigint[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  delete from private.screening_names where entry_id = any (p_entry_ids);
  insert into private.screening_names (entry_id, name, normalised, words, tokens, birth_years)
  select entry.entry_id, listed.name, forms.normalised, forms.words, forms.tokens,
    case when entry.birth_years = '{}' then array[0] else entry.birth_years end
  from private.screening_entries as entry
  cross join unnest(entry.name || entry.aliases) as listed (name)
  cross join lateral private.screening_forms(listed.name) as forms
  where entry.entry_id = any (p_entry_ids) and forms.words <> '{}'
  on conflict (entry_id, normalised) do nothing;

  insert into private.screening_words (word)
  select distinct word
  from private.screening_names as indexed
  cross join unnest(indexed.words) as word
  where indexed.entry_id = any (p_entry_ids)
  on conflict (word) do nothing;
end
$$;
comment on function private.screening_index(bigint[]) is 'Prepares names for the search.';

/*
 * Puts what was staged in force as the whole of a list: what is new comes in, what has changed is
 * replaced, what is gone goes; hits that were decided on entries that have changed are open again, and
 * people who were screened before are looked up among what is new and changed, by and by.
 * p_allow_shrink: whether the list may lose more than half of its entries, which is more likely a
 * broken file than the truth.
 * Returns: {list, version, total, added, changed, removed, unchanged, reopened}.
 * Raises NF001: nothing was staged, or the list shrinks.
 */
create function private.screening_apply(
  p_load_id uuid, p_list_name text, p_kind text, p_source text, p_version text, p_content_sha256 text,
  p_allow_shrink boolean default false
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_total integer;
  v_before integer;
  v_removed integer;
  v_changed bigint[];
  v_added bigint[];
  v_result jsonb;
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('screening ' || p_list_name, 20261122));
  select count(*) into v_total from private.screening_staging where load_id = p_load_id;
  select count(*) into v_before from private.screening_entries where list_name = p_list_name;
  if v_total = 0 then
    raise exception 'The list holds no entries.' using errcode = 'NF001', detail = 'entries';
  end if;
  if v_total < v_before / 2 and not p_allow_shrink then
    raise exception 'The list would shrink from % to % entries.', v_before, v_total using errcode = 'NF001', detail = 'entries';
  end if;

  insert into private.screening_lists (list_name, kind, source, version, content_sha256, entry_count, loaded_at)
  values (p_list_name, p_kind, p_source, p_version, p_content_sha256, v_total, private.now())
  on conflict (list_name) do update
  set kind = excluded.kind, source = excluded.source, version = excluded.version,
      content_sha256 = excluded.content_sha256, entry_count = excluded.entry_count, loaded_at = excluded.loaded_at;

  delete from private.screening_entries as entry
  where entry.list_name = p_list_name and not exists (
    select from private.screening_staging as staged
    where staged.load_id = p_load_id and staged.entry_ref = entry.entry_ref);
  get diagnostics v_removed = row_count;
  with changed as (
    update private.screening_entries as entry
    set kind = staged.kind, name = staged.name, aliases = staged.aliases, birth_dates = staged.birth_dates,
        birth_years = staged.birth_years, countries = staged.countries, entry_hash = staged.entry_hash
    from private.screening_staging as staged
    where staged.load_id = p_load_id and entry.list_name = p_list_name and entry.entry_ref = staged.entry_ref
      and entry.entry_hash <> staged.entry_hash
    returning entry.entry_id
  )
  select array(select entry_id from changed) into v_changed;
  with added as (
    insert into private.screening_entries (
      list_name, entry_ref, kind, name, aliases, birth_dates, birth_years, countries, entry_hash)
    select p_list_name, staged.entry_ref, staged.kind, staged.name, staged.aliases, staged.birth_dates,
      staged.birth_years, staged.countries, staged.entry_hash
    from private.screening_staging as staged
    where staged.load_id = p_load_id
    on conflict (list_name, entry_ref) do nothing
    returning entry_id
  )
  select array(select entry_id from added) into v_added;
  perform private.screening_index(v_changed || v_added);
  perform private.screening_queue_changes(v_changed || v_added);
  delete from private.screening_staging where load_id = p_load_id;

  v_result := pg_catalog.jsonb_build_object(
    'list', p_list_name, 'version', p_version, 'total', v_total,
    'added', pg_catalog.cardinality(v_added), 'changed', pg_catalog.cardinality(v_changed), 'removed', v_removed,
    'unchanged', v_total - pg_catalog.cardinality(v_added) - pg_catalog.cardinality(v_changed),
    'reopened', private.screening_reopen_changed(v_changed));
  perform private.audit_append(
    'screening', 'system', 'screening_load', 'screening.list_loaded', 'screening_list', p_list_name, null, v_result);
  return v_result;
end
$$;
comment on function private.screening_apply(uuid, text, text, text, text, text, boolean) is
  'Puts a staged list in force.';
