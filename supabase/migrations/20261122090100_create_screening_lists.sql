/*
 * Lists of people that others warn of: sanctions and politically exposed persons. A list is replaced as a
 * whole in one transaction; entries that did not change keep their rows.
 *
 * Touches: private.screening_lists, private.screening_entries, private.screening_names,
 * private.screening_words, private.screening_staging; settings of the search.
 * Not granted: the tables to anybody. Lists are loaded by the owner of the schema and read by functions.
 */

alter table private.settings
  add column screening_threshold real not null default 0.6 check (screening_threshold between 0.3 and 1),
  add column screening_word_threshold real not null default 0.3 check (screening_word_threshold between 0.2 and 1),
  add column screening_birth_year_tolerance smallint not null default 1
    check (screening_birth_year_tolerance between 0 and 10),
  add column screening_max_hits smallint not null default 50 check (screening_max_hits between 1 and 200);
comment on column private.settings.screening_threshold is 'Similarity from which on an entry of a list is a hit.';
comment on column private.settings.screening_word_threshold is
  'Similarity (pg_trgm) from which on two words can be the same; two words of a name have to reach it before the whole name is compared.';
comment on column private.settings.screening_birth_year_tolerance is
  'Years by which the year of birth may differ. An entry without one fits everybody.';
comment on column private.settings.screening_max_hits is 'Most similar entries that one screening keeps.';

create table private.screening_lists (
  list_name text primary key check (list_name ~ '^[a-z0-9][a-z0-9_-]{0,99}$'),
  kind text not null check (kind in ('sanctions', 'pep', 'adverse_media')),
  source text not null check (pg_catalog.char_length(source) between 1 and 300),
  version text not null check (pg_catalog.char_length(version) between 1 and 100),
  content_sha256 text not null check (content_sha256 ~ '^[0-9a-f]{64}$'),
  entry_count integer not null check (entry_count > 0),
  loaded_at timestamptz not null
);
alter table private.screening_lists enable row level security;
comment on table private.screening_lists is 'The lists in force, each with the version that was loaded last. The audit holds the earlier ones.';
comment on column private.screening_lists.version is 'What the publisher calls this version, such as its date.';
comment on column private.screening_lists.content_sha256 is 'Hash of the loaded file: the same file is not loaded twice.';

create table private.screening_entries (
  entry_id bigint generated always as identity primary key,
  list_name text not null references private.screening_lists (list_name) on delete cascade,
  entry_ref text not null check (pg_catalog.char_length(entry_ref) between 1 and 128),
  kind text not null check (kind in ('sanctions', 'pep', 'adverse_media')),
  name text not null check (pg_catalog.char_length(name) between 1 and 300),
  aliases text[] not null default '{}',
  birth_dates text[] not null default '{}',
  birth_years integer[] not null default '{}',
  countries text[] not null default '{}',
  entry_hash bytea not null,
  unique (list_name, entry_ref)
);
alter table private.screening_entries enable row level security;
comment on table private.screening_entries is 'One listed person each, as published.';
comment on column private.screening_entries.entry_ref is 'The publisher''s id of the entry.';
comment on column private.screening_entries.birth_dates is 'As published, which may be a year, a range or a guess.';
comment on column private.screening_entries.birth_years is 'Every year that the published dates allow; none when no date is known.';
comment on column private.screening_entries.countries is 'Nationalities and countries of residence, as published.';
comment on column private.screening_entries.entry_hash is 'Hash of what is published about the person; a decision on a hit holds for this content only.';

create table private.screening_names (
  name_id bigint generated always as identity primary key,
  entry_id bigint not null references private.screening_entries (entry_id) on delete cascade,
  name text not null,
  normalised text not null,
  words text[] not null,
  tokens text[] not null,
  birth_years integer[] not null,
  unique (entry_id, normalised)
);
alter table private.screening_names enable row level security;
create index screening_names_tokens_idx on private.screening_names using gin (tokens, birth_years);
comment on table private.screening_names is 'Names and aliases of the entries, prepared for the search.';
comment on column private.screening_names.words is 'Words in the coarse spelling of private.name_sounds().';
comment on column private.screening_names.tokens is 'The words, and neighbouring words as one.';
comment on column private.screening_names.birth_years is 'As of the entry, or 0 alone for an unknown year, so that one index answers.';

/*
 * The vocabulary of all names. It grows far slower than the lists, so looking for similar words here and
 * for names that hold them afterwards is some thirty times faster than comparing whole names.
 */
create table private.screening_words (
  word text primary key
);
alter table private.screening_words enable row level security;
comment on table private.screening_words is 'Every word of a listed name, once. Words that no name has any more cost a little time and no truth.';

-- Without pg_trgm only words that sound the same are found; private.capabilities() tells.
do $$
begin
  if pg_catalog.to_regprocedure('extensions.similarity(text,text)') is null then
    raise notice 'pg_trgm is not available: screening finds no misspelt names';
  else
    create index screening_words_trgm_idx on private.screening_words using gin (word extensions.gin_trgm_ops);
  end if;
end
$$;

-- Not logged: what a crash takes away was not in force yet and is loaded again.
create unlogged table private.screening_staging (
  load_id uuid not null,
  entry_ref text not null,
  kind text not null,
  name text not null,
  aliases text[] not null,
  birth_dates text[] not null,
  birth_years integer[] not null,
  countries text[] not null,
  entry_hash bytea not null,
  primary key (load_id, entry_ref)
);
alter table private.screening_staging enable row level security;
comment on table private.screening_staging is 'Entries of a list that is being loaded; private.screening_apply() puts them in force.';
