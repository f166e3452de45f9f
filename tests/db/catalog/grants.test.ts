import { expect } from "vitest";
import { test } from "../../helpers/db.ts";
import { type ApiRole, functionGrants, tableGrants } from "./expected/grants.ts";

const API_ROLES: readonly ApiRole[] = ["anon", "authenticated", "service_role"];

interface ColumnGrant {
  role: ApiRole;
  table_name: string;
  privilege: string;
  columns: string[];
  is_whole: boolean;
}

test("[PROP-02] API roles have exactly the listed rights on tables and columns", async ({ db }) => {
  const found = await db.sql<ColumnGrant[]>`
    select role, n.nspname || '.' || c.relname as table_name, privilege,
      array_agg(a.attname::text order by a.attname::text) as columns,
      has_table_privilege(role, c.oid, privilege) as is_whole
    from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
    join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    cross join unnest(${[...API_ROLES]}::text[]) as role
    cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) as privilege
    where n.nspname in ('public', 'private') and c.relkind in ('r', 'p', 'v', 'm', 'f')
      and has_column_privilege(role, c.oid, a.attnum, privilege)
    group by role, n.nspname, c.relname, privilege, c.oid
    order by 2, 1, 3`;
  const rights: Record<string, Partial<Record<ApiRole, Record<string, string[] | "*">>>> = {};
  for (const { table_name, role, privilege, columns, is_whole } of found) {
    rights[table_name] = {
      ...rights[table_name],
      [role]: { ...rights[table_name]?.[role], [privilege]: is_whole ? "*" : columns },
    };
  }
  expect(rights).toEqual(tableGrants);
});

test("no API role can delete, truncate, maintain or put triggers on a table, or use a sequence", async ({
  db,
}) => {
  const found = await db.sql`
    select role, c.oid::regclass::text as object, privilege
    from pg_class as c
    cross join unnest(${[...API_ROLES]}::text[]) as role
    cross join unnest(array['DELETE', 'TRUNCATE', 'TRIGGER', 'MAINTAIN']) as privilege
    where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm')
      and has_table_privilege(role, c.oid, privilege)
    union all
    select role, c.oid::regclass::text, 'USAGE'
    from pg_class as c
    cross join unnest(${[...API_ROLES]}::text[]) as role
    where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind = 'S'
      and has_sequence_privilege(role, c.oid, 'USAGE, SELECT, UPDATE')`;
  expect([...found]).toEqual([]);
});

test.for(API_ROLES)("[FUNC-02] %s can call exactly the listed functions", async (role, { db }) => {
  const found = await db.sql<{ name: string }[]>`
    select distinct case when n.nspname = 'private' then '' else n.nspname || '.' end || p.proname as name
    from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
    where n.nspname in ('public', 'private') and has_function_privilege(${role}, p.oid, 'execute')
    order by 1`;
  expect(found.map(({ name }) => name)).toEqual([...functionGrants[role]]);
});

test("PUBLIC has no right on any table, function, type or schema of ours", async ({ db }) => {
  const found = await db.sql`
    select 'function' as kind, p.oid::regprocedure::text as object
    from pg_proc as p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as acl
    where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace) and acl.grantee = 0
    union all
    select 'table', c.oid::regclass::text
    from pg_class as c, aclexplode(c.relacl) as acl
    where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and acl.grantee = 0
    union all
    select 'type', t.oid::regtype::text
    from pg_type as t, aclexplode(coalesce(t.typacl, acldefault('T', t.typowner))) as acl
    where t.typnamespace = 'public'::regnamespace and t.typtype = 'e' and acl.grantee = 0
    union all
    select 'schema', n.nspname
    from pg_namespace as n, aclexplode(n.nspacl) as acl
    where n.nspname = 'private' and acl.grantee = 0`;
  expect([...found]).toEqual([]);
});

test("an object that is created without a word about rights is reachable by nobody", async ({
  db,
}) => {
  await db.sql`create table public.fresh (id integer primary key)`;
  await db.sql`create function public.fresh_function() returns integer language sql as 'select 1'`;
  for (const role of API_ROLES) {
    const [rights] = await db.sql`
      select has_function_privilege(${role}, 'public.fresh_function()', 'execute') as runs, coalesce((
        select string_agg(privilege, ',') from unnest(
          array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN']) as privilege
        where has_table_privilege(${role}, 'public.fresh', privilege)), '') as on_table`;
    expect(rights, role).toEqual({ runs: false, on_table: "" });
  }
});
