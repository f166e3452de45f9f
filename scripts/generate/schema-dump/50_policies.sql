-- Policies on our tables, and those of ours on the platform's tables.
select format('create policy %I on %I.%I%s for %s to %s%s%s;', policy.policyname, policy.schemaname, policy.tablename,
    case when policy.permissive = 'PERMISSIVE' then '' else ' as restrictive' end, lower(policy.cmd),
    array_to_string(policy.roles, ', '),
    coalesce(e'\n  using (' || policy.qual || ')', ''), coalesce(e'\n  with check (' || policy.with_check || ')', '')) as line
from pg_catalog.pg_policies as policy
where policy.schemaname in ('public', 'private', 'storage', 'realtime')
order by policy.schemaname, policy.tablename, policy.policyname
