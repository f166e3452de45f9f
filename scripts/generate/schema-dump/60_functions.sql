select format(e'%s;\n%s%s', rtrim(pg_get_functiondef(function.oid), e'\n'),
    coalesce((
      select string_agg(format(e'grant execute on function %s to %I;\n', signature.text, coalesce(grantee.rolname, 'public')), '' order by grantee.rolname)
      from aclexplode(coalesce(function.proacl, acldefault('f', function.proowner))) as acl
      left join pg_catalog.pg_roles as grantee on grantee.oid = acl.grantee
      where acl.grantee <> function.proowner), ''),
    case when owner.rolname = 'postgres' then ''
      else format(e'alter function %s owner to %I;\n', signature.text, owner.rolname) end
    || case when obj_description(function.oid, 'pg_proc') is null then ''
      else format(e'comment on function %s is %L;\n', signature.text, obj_description(function.oid, 'pg_proc')) end) as line
from pg_catalog.pg_proc as function
join pg_catalog.pg_namespace as namespace on namespace.oid = function.pronamespace
join pg_catalog.pg_roles as owner on owner.oid = function.proowner
cross join lateral (select format('%I.%I(%s)', namespace.nspname, function.proname, pg_get_function_identity_arguments(function.oid)) as text) as signature
where namespace.nspname in ('public', 'private') and function.prokind in ('f', 'p')
  and not exists (select from pg_catalog.pg_depend as link where link.objid = function.oid and link.deptype = 'e')
order by namespace.nspname, function.proname, signature.text
