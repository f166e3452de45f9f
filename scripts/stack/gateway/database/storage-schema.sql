-- The schema `storage` with the tables, helpers and rights of a hosted project.

create schema if not exists storage authorization supabase_admin;
grant usage on schema storage to postgres with grant option;
grant usage on schema storage to anon, authenticated, service_role;
grant all on schema storage to supabase_storage_admin;

do $$ begin create type storage.buckettype as enum ('STANDARD', 'ANALYTICS', 'VECTOR');
exception when duplicate_object then null; end $$;

create table if not exists storage.buckets (
  id text primary key,
  name text not null,
  owner uuid,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  public boolean default false,
  avif_autodetection boolean default false,
  file_size_limit bigint,
  allowed_mime_types text[],
  owner_id text,
  type storage.buckettype not null default 'STANDARD'
);
create unique index if not exists bname on storage.buckets (name);

create table if not exists storage.objects (
  id uuid primary key default gen_random_uuid(),
  bucket_id text constraint "objects_bucketId_fkey" references storage.buckets (id),
  name text,
  owner uuid,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  last_accessed_at timestamptz default now(),
  metadata jsonb,
  path_tokens text[] generated always as (string_to_array(name, '/')) stored,
  version text,
  owner_id text,
  user_metadata jsonb
);
create unique index if not exists bucketid_objname on storage.objects (bucket_id, name);
create index if not exists name_prefix_search on storage.objects (name text_pattern_ops);

alter table storage.buckets enable row level security;
alter table storage.objects enable row level security;

create or replace function storage.foldername(name text) returns text[]
language sql immutable set search_path = '' as $$
  select parts[1:cardinality(parts) - 1] from (values (string_to_array(name, '/'))) as path (parts)
$$;

create or replace function storage.filename(name text) returns text
language sql immutable set search_path = '' as $$
  select parts[cardinality(parts)] from (values (string_to_array(name, '/'))) as path (parts)
$$;

create or replace function storage.extension(name text) returns text
language sql immutable set search_path = '' as $$
  select split_part(storage.filename(name), '.', -1)
$$;

create or replace function storage.operation() returns text
language sql stable set search_path = '' as $$ select current_setting('storage.operation', true) $$;

create or replace function storage.allow_only_operation(expected_operation text) returns boolean
language sql stable set search_path = '' as $$
  select coalesce(regexp_replace(storage.operation(), '^storage\.', '')
    = regexp_replace(expected_operation, '^storage\.', ''), false)
$$;

create or replace function storage.allow_any_operation(expected_operations text[]) returns boolean
language sql stable set search_path = '' as $$
  select coalesce(bool_or(storage.allow_only_operation(operation)), false)
  from unnest(expected_operations) as operation
$$;

-- Deleting a row here would orphan the stored bytes, so only the Storage API may.
create or replace function storage.protect_delete() returns trigger language plpgsql as $$
begin
  if coalesce(current_setting('storage.can_delete', true), 'false') <> 'true' then
    raise exception 'Direct deletion from storage tables is not allowed. Use the Storage API instead.'
      using errcode = '42501', hint = 'This prevents accidental data loss from orphaned objects.';
  end if;
  return null;
end $$;
create or replace trigger protect_buckets_delete before delete on storage.buckets
  for each statement execute function storage.protect_delete();
create or replace trigger protect_objects_delete before delete on storage.objects
  for each statement execute function storage.protect_delete();

create or replace function storage.update_updated_at_column() returns trigger language plpgsql as $$
begin
  new.updated_at = now();
  return new;
end $$;
create or replace trigger update_objects_updated_at before update on storage.objects
  for each row execute function storage.update_updated_at_column();

do $$
declare name text;
begin
  foreach name in array array['buckets', 'objects'] loop
    execute format('alter table storage.%I owner to supabase_storage_admin', name);
    execute format('grant all on storage.%I to postgres with grant option', name);
    execute format('grant all on storage.%I to anon, authenticated, service_role', name);
  end loop;
end $$;
