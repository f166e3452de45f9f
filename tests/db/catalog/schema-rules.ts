/**
 * Rules that the schema keeps, as queries that return what breaks them. `plant` breaks the rule on
 * purpose: each rule is tested against it, so that none is green because it looks at nothing.
 */
export interface SchemaRule {
  readonly name: string;
  readonly finds: string;
  readonly plant: string;
}

const OURS = "('public'::regnamespace, 'private'::regnamespace)";

const tables: readonly SchemaRule[] = [
  {
    name: "every table has row-level security",
    finds: `select oid::regclass::text as object from pg_class
      where relnamespace in ${OURS} and relkind in ('r', 'p') and not relrowsecurity`,
    plant: "create table private.planted (id integer primary key)",
  },
  {
    name: "every table has a primary key",
    finds: `select c.oid::regclass::text as object from pg_class as c
      where c.relnamespace in ${OURS} and c.relkind in ('r', 'p')
        and not exists (select from pg_index where indrelid = c.oid and indisprimary)`,
    plant: "create table private.planted (id integer)",
  },
  {
    name: "every exposed table has a policy",
    finds: `select c.oid::regclass::text as object from pg_class as c
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
        and not exists (select from pg_policy where polrelid = c.oid)`,
    plant: "create table public.planted (id integer primary key)",
  },
  {
    name: "every table, enum and function says what it is",
    finds: `select oid::regclass::text as object from pg_class
      where relnamespace in ${OURS} and relkind in ('r', 'p', 'v') and obj_description(oid, 'pg_class') is null
      union all
      select oid::regprocedure::text from pg_proc
      where pronamespace in ${OURS} and obj_description(oid, 'pg_proc') is null`,
    plant: "create table private.planted (id integer primary key)",
  },
  {
    name: "every view that the API can reach runs with the rights of its reader (lint 0010)",
    finds: `select oid::regclass::text as object from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')
        and not coalesce(reloptions @> array['security_invoker=true'], false)`,
    plant: "create view public.planted as select user_id from public.profiles",
  },
];

const keys: readonly SchemaRule[] = [
  {
    name: "every foreign key has an index that begins with its columns",
    finds: `select con.conrelid::regclass || '.' || con.conname as object from pg_constraint as con
      where con.contype = 'f' and con.connamespace in ${OURS}
        and not exists (
          select from pg_index as i
          where i.indrelid = con.conrelid
            and (i.indkey::int2[])[0:cardinality(con.conkey) - 1] @> con.conkey
            and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) like '%IS NOT NULL%'))`,
    plant:
      "create table private.planted (id integer primary key, user_id uuid references public.profiles on delete cascade)",
  },
  {
    name: "every foreign key says what deleting does",
    finds: `select conrelid::regclass || '.' || conname as object from pg_constraint
      where contype = 'f' and connamespace in ${OURS} and confdeltype = 'a'`,
    plant: "create table private.planted (id uuid primary key references public.profiles)",
  },
  {
    name: "no foreign key leads to anything in auth but the key of users (lint 0021)",
    finds: `select con.conrelid::regclass || '.' || con.conname as object from pg_constraint as con
      join pg_class as target on target.oid = con.confrelid
      where con.contype = 'f' and target.relnamespace = 'auth'::regnamespace
        and con.connamespace in ${OURS} and con.confrelid <> 'auth.users'::regclass`,
    plant:
      "create table private.planted (id uuid primary key references auth.sessions (id) on delete cascade)",
  },
  {
    name: "every policy column has an index that begins with it",
    finds: `select p.polrelid::regclass || '.' || p.polname as object from pg_policy as p
      join pg_class as c on c.oid = p.polrelid
      join pg_attribute as a on a.attrelid = p.polrelid and a.attname = 'user_id'
      where c.relnamespace = 'public'::regnamespace
        and coalesce(pg_get_expr(p.polqual, p.polrelid), '') like '%user_id%'
        and not exists (
          select from pg_index as i where i.indrelid = p.polrelid and i.indkey[0] = a.attnum and i.indpred is null)`,
    plant: `create table public.planted (id integer primary key, user_id uuid);
      create policy planted on public.planted for select to authenticated using (user_id = (select auth.uid()))`,
  },
];

const policies: readonly SchemaRule[] = [
  {
    name: "no policy is for every command or for PUBLIC",
    finds: `select p.polrelid::regclass || '.' || p.polname as object from pg_policy as p
      join pg_class as c on c.oid = p.polrelid
      where c.relnamespace in ${OURS} and (p.polcmd = '*' or p.polroles @> array[0::oid])`,
    plant: "create policy planted on public.profiles using (false)",
  },
  {
    name: "one permissive policy per table, role and command (lint 0006)",
    finds: `select concat_ws(' ', p.polrelid::regclass, p.polcmd, role.oid::regrole) as object
      from pg_policy as p join pg_class as c on c.oid = p.polrelid
      cross join unnest(p.polroles) as role (oid)
      where c.relnamespace in ${OURS} and p.polpermissive
      group by p.polrelid, p.polcmd, role.oid having count(*) > 1`,
    plant:
      "create policy planted on public.profiles for select to authenticated using (is_soft_deleted)",
  },
  {
    name: "auth functions in policies are evaluated once per statement (lint 0003)",
    finds: `select p.polrelid::regclass || '.' || p.polname as object from pg_policy as p
      join pg_class as c on c.oid = p.polrelid
      where c.relnamespace in (${OURS.slice(1, -1)}, 'storage'::regnamespace)
        and regexp_replace(concat(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)),
          'SELECT auth\\.\\w+\\(\\)', '', 'g') ~ 'auth\\.\\w+\\('`,
    plant:
      "create policy planted on public.profiles for delete to authenticated using (user_id = auth.uid())",
  },
  {
    name: "an update policy checks the row before and after",
    finds: `select polrelid::regclass || '.' || polname as object from pg_policy
      join pg_class as c on c.oid = polrelid
      where c.relnamespace in ${OURS} and polcmd = 'w' and polpermissive and (polqual is null or polwithcheck is null)`,
    plant:
      "create policy planted on public.consents for update to authenticated using (user_id = (select auth.uid()))",
  },
  {
    name: "no policy lets everybody write (lint 0024) or trusts what users can edit (lint 0015)",
    finds: `select p.polrelid::regclass || '.' || p.polname as object from pg_policy as p
      join pg_class as c on c.oid = p.polrelid
      where c.relnamespace in (${OURS.slice(1, -1)}, 'storage'::regnamespace)
        and (p.polcmd <> 'r' and 'true' in (pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
          or concat(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) like '%user_metadata%')`,
    plant: "create policy planted on public.consents for delete to authenticated using (true)",
  },
  {
    name: "no bucket is public, and no policy lists the files of others (lint 0025)",
    finds: `select id as object from storage.buckets where public and id = 'kyc-documents'
      union all
      select polname from pg_policy
      where polrelid = 'storage.objects'::regclass and polcmd in ('r', '*')
        and pg_get_expr(polqual, polrelid) not like '%auth.uid()%'`,
    plant:
      "create policy planted on storage.objects for select to authenticated using (bucket_id = 'kyc-documents')",
  },
];

const functions: readonly SchemaRule[] = [
  {
    name: "every function pins its search path to nothing (lint 0011)",
    finds: `select oid::regprocedure::text as object from pg_proc
      where pronamespace in ${OURS} and prokind in ('f', 'p')
        and not coalesce(proconfig @> array['search_path=""'], false)`,
    plant: "create function private.planted() returns integer language sql as 'select 1'",
  },
  {
    name: "every definer function says why it is one",
    finds: `select oid::regprocedure::text as object from pg_proc
      where pronamespace in ${OURS} and prosecdef
        and coalesce(obj_description(oid, 'pg_proc'), '') !~ 'Why definer: '`,
    plant: `create function private.planted() returns integer language sql security definer set search_path = ''
      as 'select 1'`,
  },
  {
    name: "no definer function lies in an exposed schema (lints 0028, 0029)",
    finds: `select oid::regprocedure::text as object from pg_proc
      where pronamespace = 'public'::regnamespace and prosecdef`,
    plant: `create function public.planted() returns integer language sql security definer set search_path = ''
      as 'select 1'`,
  },
  {
    name: "nothing is visible in GraphQL: the extension is off (lints 0026, 0027)",
    finds: "select extname::text as object from pg_extension where extname = 'pg_graphql'",
    plant: "",
  },
  {
    name: "no extension lies in an exposed schema (lint 0014)",
    finds:
      "select extname::text as object from pg_extension where extnamespace = 'public'::regnamespace",
    plant: "create extension citext with schema public",
  },
];

export const schemaRules: readonly SchemaRule[] = [...tables, ...keys, ...policies, ...functions];
