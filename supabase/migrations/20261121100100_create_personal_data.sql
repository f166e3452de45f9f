/*
 * What is held about a person, as rows: where it lies, what an export shows of it and what an erasure
 * does to it. A test walks the schema and fails for a table that holds people's ids and has no row here.
 *
 * Touches: private.personal_data, private.personal_data_columns, private.export_rows, private.erase_rows.
 * Not granted: the table to anybody. Its conditions are SQL, so only migrations write it.
 */

create table private.personal_data (
  relation text primary key check (relation ~ '^[a-z_]+\.[a-z][a-z0-9_]*$'),
  rows_of text not null,
  section text unique check (section ~ '^[a-z][a-z0-9_]{0,40}$'),
  shown text[] not null default '{}',
  withheld text[] not null default '{}',
  withheld_because text,
  erase_now text,
  erase_later text,
  sweep text,
  kept_because text,
  check ((section is null) = (shown = '{}')),
  check (withheld = '{}' or withheld_because is not null),
  check (section is not null or withheld_because is not null),
  check (pg_catalog.num_nonnulls(erase_now, erase_later, sweep, kept_because) > 0)
);
alter table private.personal_data enable row level security;
comment on table private.personal_data is 'One row per table that holds data or ids of people.';
comment on column private.personal_data.relation is 'Schema and table. One that the platform does not have is passed over.';
comment on column private.personal_data.rows_of is 'SQL condition on alias t: the rows that are about the person $1.';
comment on column private.personal_data.section is 'Name of the part of the export that shows it; null where nothing is shown.';
comment on column private.personal_data.shown is 'Columns in the export.';
comment on column private.personal_data.withheld is 'Columns that are left out of the export.';
comment on column private.personal_data.withheld_because is 'Why a column, or the whole table, is left out.';
comment on column private.personal_data.erase_now is 'What goes at once: SQL assignments, or delete.';
comment on column private.personal_data.erase_later is 'What goes when nothing has to be kept any more: SQL assignments, or delete.';
comment on column private.personal_data.sweep is
  'SQL condition like rows_of: rows that are deleted after Auth has erased the account. May be slow: no person waits for it.';
comment on column private.personal_data.kept_because is 'Why something stays, or who removes it.';

/*
 * The columns of a registered table that an export shows and that the table has here: the tables of Auth
 * and Storage differ between versions of the platform.
 */
create function private.personal_data_columns(p_relation text, p_columns text[])
returns text[]
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return array(
    select attribute.attname::text
    from pg_catalog.pg_attribute as attribute
    where attribute.attrelid = pg_catalog.to_regclass(p_relation) and attribute.attnum > 0
      and not attribute.attisdropped and attribute.attname = any (p_columns)
    order by attribute.attnum
  );
end
$$;
comment on function private.personal_data_columns(text, text[]) is
  'Columns that exist. Why definer: the tables of the platform are hidden from API roles.';

/*
 * What one section of an export shows of a person: one JSON object per row. Members that are null are
 * left out. Returns nothing for a table that is not here.
 */
create function private.personal_data_rows(p_user_id uuid, p_section text)
returns setof jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_data private.personal_data;
  v_columns text[];
begin
  select * into strict v_data from private.personal_data where section = p_section;
  v_columns := private.personal_data_columns(v_data.relation, v_data.shown);
  if v_columns = '{}' then
    return;
  end if;
  return query execute pg_catalog.format(
    'select pg_catalog.jsonb_strip_nulls(pg_catalog.to_jsonb(r)) from (select %s from %s as t where %s) as r',
    (select pg_catalog.string_agg(pg_catalog.format('t.%I', name), ', ' order by place)
     from unnest(v_columns) with ordinality as shown (name, place)),
    v_data.relation, v_data.rows_of)
  using p_user_id;
end
$$;
comment on function private.personal_data_rows(uuid, text) is
  'Rows of a person. Why definer: reads every table that holds data of people.';

/*
 * Erases what the registry says of one person: what goes at once (`now`), what is left (`later`), or what
 * others have left behind (`sweep`). Doing it again changes nothing more. Returns the tables that had rows
 * of the person. A table of the platform that this database may not write is passed over with a warning.
 */
create function private.erase_rows(p_user_id uuid, p_stage text)
returns text[]
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_data record;
  v_count bigint;
  v_touched text[] := '{}';
begin
  for v_data in
    select relation,
      case when p_stage = 'sweep' then sweep else rows_of end as condition,
      case p_stage when 'now' then erase_now when 'later' then erase_later when 'sweep' then 'delete' end as work
    from private.personal_data
    order by relation
  loop
    continue when v_data.work is null or v_data.condition is null or pg_catalog.to_regclass(v_data.relation) is null;
    if not pg_catalog.has_table_privilege(
      v_data.relation, case when v_data.work = 'delete' then 'delete' else 'update' end) then
      raise warning 'no right to erase in %', v_data.relation;
      continue;
    end if;
    if v_data.work = 'delete' then
      execute pg_catalog.format('delete from %s as t where %s', v_data.relation, v_data.condition) using p_user_id;
    else
      execute pg_catalog.format('update %s as t set %s where %s', v_data.relation, v_data.work, v_data.condition)
        using p_user_id;
    end if;
    get diagnostics v_count = row_count;
    if v_count > 0 then
      v_touched := v_touched || v_data.relation;
    end if;
  end loop;
  return v_touched;
end
$$;
comment on function private.erase_rows(uuid, text) is
  'Erases data of a person. Why definer: writes tables that are granted to nobody.';

/*
 * Lets the words of an append-only row be erased and nothing else: the columns named as arguments may
 * become `[erased]`, everything else has to stay.
 */
create function private.tg__append_only_but_erasure()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
declare
  v_erased constant jsonb := (
    select pg_catalog.jsonb_object_agg(name, case when pg_catalog.to_jsonb(old) ->> name is not null then '[erased]' end)
    from unnest(tg_argv) as name);
begin
  if pg_catalog.to_jsonb(new) <> pg_catalog.to_jsonb(old) || v_erased then
    raise exception 'Rows of %.% are written once.', tg_table_schema, tg_table_name using errcode = 'NF010';
  end if;
  return new;
end
$$;
comment on function private.tg__append_only_but_erasure() is 'Row trigger: the named columns may be erased, nothing else changes.';

drop trigger _100_append_only on private.kyc_notes;
create trigger _100_append_only
  before delete or truncate on private.kyc_notes
  for each statement execute function private.tg__append_only();
create trigger _200_only_erase
  before update on private.kyc_notes
  for each row execute function private.tg__append_only_but_erasure('body');

drop trigger _100_append_only on private.kyc_reviews;
create trigger _100_append_only
  before delete or truncate on private.kyc_reviews
  for each statement execute function private.tg__append_only();
create trigger _200_only_erase
  before update on private.kyc_reviews
  for each row execute function private.tg__append_only_but_erasure('note');
