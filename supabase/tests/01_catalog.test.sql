-- What holds for every table and function of ours, whoever adds one.
begin;
create extension if not exists pgtap with schema extensions;
select plan(8);

select is_empty(
  $$ select oid::regclass from pg_class
     where relnamespace in ('public'::regnamespace, 'private'::regnamespace) and relkind in ('r', 'p') and not relrowsecurity $$,
  'every table has row-level security');

select is_empty(
  $$ select c.oid::regclass, privilege from pg_class as c
     cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN']) as privilege
     where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm')
       and has_table_privilege('anon', c.oid, privilege) $$,
  'anonymous callers have no right on any table');

select is_empty(
  $$ select c.oid::regclass, role from pg_class as c
     cross join unnest(array['anon', 'authenticated', 'service_role']) as role
     where c.relnamespace = 'private'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
       and has_any_column_privilege(role, c.oid, 'SELECT, INSERT, UPDATE, REFERENCES') $$,
  'no API role has a right on a private table');

select is_empty(
  $$ select c.oid::regclass, role from pg_class as c
     cross join unnest(array['authenticated', 'service_role']) as role
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
       and has_table_privilege(role, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') $$,
  'no API role may write a whole row of an exposed table');

select is_empty(
  $$ select oid::regprocedure from pg_proc
     where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
       and not coalesce(proconfig @> array['search_path=""'], false) $$,
  'every function pins its search path');

select is_empty(
  $$ select oid::regprocedure from pg_proc where pronamespace = 'public'::regnamespace and prosecdef $$,
  'no definer function is exposed');

select is_empty(
  $$ select p.oid::regprocedure from pg_proc as p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as acl
     where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace) and acl.grantee = 0 $$,
  'PUBLIC may execute nothing');

select is_empty(
  $$ select unnest(array['postgres', 'anon', 'authenticated', 'service_role']) as role
     except select role from unnest(array['postgres', 'anon', 'authenticated', 'service_role']) as role
     where not pg_has_role(role, 'nff_engine', 'SET') $$,
  'nobody can become the role that owns status and audit');

select * from finish();
rollback;
