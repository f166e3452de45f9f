/*
 * The schemas of a Supabase project, who may use them, and what a new table in `public` grants.
 * Owned by `supabase_admin`, so that `supabase db reset` keeps them.
 */
create schema if not exists auth authorization supabase_admin;
create schema if not exists storage authorization supabase_admin;
create schema if not exists realtime authorization supabase_admin;
create schema if not exists extensions authorization supabase_admin;
create schema if not exists vault authorization supabase_admin;
create schema if not exists graphql_public authorization supabase_admin;

grant usage on schema public to anon, authenticated, service_role;
grant all on schema public to postgres;

grant usage on schema auth to postgres, anon, authenticated, service_role, dashboard_user;
grant all on schema auth to supabase_auth_admin;
grant usage on schema storage to postgres, anon, authenticated, service_role, dashboard_user;
grant all on schema storage to supabase_storage_admin;
grant usage on schema realtime to postgres, anon, authenticated, service_role;
grant all on schema realtime to supabase_realtime_admin;
grant usage on schema extensions to anon, authenticated, service_role;
grant all on schema extensions to postgres, dashboard_user;
grant usage on schema vault to postgres, service_role;
grant usage on schema graphql_public to postgres, anon, authenticated, service_role;

-- What the platform leaves on a new object in `public` when `auto_expose_new_tables = false`: the
-- four verbs are gone, the rest is not. Migrations have to revoke it themselves.
alter default privileges for role postgres in schema public
  grant truncate, references, trigger, maintain on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  grant update on sequences to anon, authenticated, service_role;

create extension if not exists pgcrypto with schema extensions;
create extension if not exists "uuid-ossp" with schema extensions;
create extension if not exists pg_stat_statements with schema extensions;
