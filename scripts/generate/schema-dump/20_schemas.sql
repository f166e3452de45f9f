-- Who may look into our schemas, and what new objects grant.
select format('grant %s on schema %I to %I;',
    string_agg(lower(acl.privilege_type), ', ' order by acl.privilege_type),
    namespace.nspname, coalesce(grantee.rolname, 'public')) as line
from pg_catalog.pg_namespace as namespace
cross join lateral aclexplode(namespace.nspacl) as acl
left join pg_catalog.pg_roles as grantee on grantee.oid = acl.grantee
where namespace.nspname in ('public', 'private') and acl.grantee <> namespace.nspowner
group by namespace.nspname, grantee.rolname
union all
select format('alter default privileges for role %I%s grant %s on %s to %I;',
    owner.rolname, coalesce(' in schema ' || namespace.nspname, ''),
    string_agg(lower(acl.privilege_type), ', ' order by acl.privilege_type),
    case defaults.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
      when 'T' then 'types' else 'schemas' end,
    coalesce(grantee.rolname, 'public'))
from pg_catalog.pg_default_acl as defaults
join pg_catalog.pg_roles as owner on owner.oid = defaults.defaclrole
left join pg_catalog.pg_namespace as namespace on namespace.oid = defaults.defaclnamespace
cross join lateral aclexplode(defaults.defaclacl) as acl
left join pg_catalog.pg_roles as grantee on grantee.oid = acl.grantee
where owner.rolname = 'postgres' and (namespace.nspname is null or namespace.nspname in ('public', 'private'))
group by owner.rolname, namespace.nspname, defaults.defaclobjtype, grantee.rolname
order by 1
