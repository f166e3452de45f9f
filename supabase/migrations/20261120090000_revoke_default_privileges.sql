/*
 * Privileges start from nothing: an object that a later migration creates is usable by nobody but its
 * owner until that migration grants something.
 *
 * Touches: default privileges of the role that runs migrations, schema `private`, role `nff_engine`.
 * Not granted: anything. `anon` gets no access to schema `private` here; 20261120090100 gives usage.
 */

-- The global form comes first: a per-schema revoke cannot take away what the global default gives, and
-- that default lets PUBLIC execute every new function.
alter default privileges revoke execute on functions from public;
alter default privileges revoke usage on types from public;

alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;
alter default privileges in schema public revoke all on functions from anon, authenticated, service_role;

revoke create on schema public from public, anon, authenticated, service_role;

create schema if not exists private;
comment on schema private is
  'Everything that is not exposed through the Data API: rules, cases, queues, audit and the functions that the edge functions call.';
revoke all on schema private from public, anon, authenticated, service_role;

-- Usage opens the door to functions that are granted one by one; tables in here are granted to nobody.
grant usage on schema private to anon, authenticated, service_role;

/*
 * The owner of what only a function may write: verification status and audit. It cannot log in. The
 * migrating role inherits its rights, so that migrations can alter its tables, but can become it only
 * while a migration assigns ownership (20261120093900).
 */
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'nff_engine') then
    create role nff_engine nologin noinherit;
  end if;
  execute 'grant nff_engine to current_user with inherit true, set true';
end
$$;
grant usage on schema private, public to nff_engine;
