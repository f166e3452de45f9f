-- Each table with everything that belongs to it, so that a diff shows it in one place.
with ours as (
  select class.oid, class.relkind, class.relrowsecurity, class.relforcerowsecurity, class.relowner, class.relacl,
    class.reloptions, namespace.nspname as schema, class.relname as name,
    format('%I.%I', namespace.nspname, class.relname) as qualified
  from pg_catalog.pg_class as class
  join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
  where namespace.nspname in ('public', 'private') and class.relkind in ('r', 'p', 'v', 'm')
),
columns as (
  select attribute.attrelid as oid, string_agg(format(e'  %I %s%s%s', attribute.attname,
      format_type(attribute.atttypid, attribute.atttypmod),
      case when attribute.attidentity <> '' then ' generated as identity'
        when attribute.attgenerated = 's' then format(' generated always as (%s) stored', pg_get_expr(initial.adbin, initial.adrelid))
        when initial.adbin is not null then ' default ' || pg_get_expr(initial.adbin, initial.adrelid)
        else '' end,
      case when attribute.attnotnull then ' not null' else '' end), e',\n' order by attribute.attnum) as text
  from pg_catalog.pg_attribute as attribute
  left join pg_catalog.pg_attrdef as initial on initial.adrelid = attribute.attrelid and initial.adnum = attribute.attnum
  where attribute.attnum > 0 and not attribute.attisdropped
  group by attribute.attrelid
),
details as (
  select ours.oid, 1 as kind, entry.conname as key,
    format('alter table %s add constraint %I %s;', ours.qualified, entry.conname, pg_get_constraintdef(entry.oid)) as text
  from ours join pg_catalog.pg_constraint as entry on entry.conrelid = ours.oid
  -- Newer servers list "not null" here too; the columns say it already.
  where entry.contype <> 'n'
  union all
  select ours.oid, 2, index.relname, pg_get_indexdef(index.oid) || ';'
  from ours join pg_catalog.pg_index as link on link.indrelid = ours.oid
  join pg_catalog.pg_class as index on index.oid = link.indexrelid
  where not exists (select from pg_catalog.pg_constraint as entry where entry.conindid = index.oid and entry.contype in ('p', 'u', 'x'))
  union all
  select ours.oid, 3, '', format('alter table %s enable row level security;', ours.qualified)
  from ours where ours.relrowsecurity
  union all
  select ours.oid, 3, ' ', format('alter table %s force row level security;', ours.qualified)
  from ours where ours.relforcerowsecurity
  union all
  select ours.oid, 5, coalesce(grantee.rolname, 'public') || acl.is_grantable, format('grant %s on %s to %I%s;',
    string_agg(lower(acl.privilege_type), ', ' order by acl.privilege_type), ours.qualified,
    coalesce(grantee.rolname, 'public'), case when acl.is_grantable then ' with grant option' else '' end)
  from ours cross join lateral aclexplode(ours.relacl) as acl
  left join pg_catalog.pg_roles as grantee on grantee.oid = acl.grantee
  where acl.grantee <> ours.relowner
  group by ours.oid, ours.qualified, grantee.rolname, acl.is_grantable
  union all
  select ours.oid, 6, coalesce(grantee.rolname, 'public') || acl.privilege_type, format('grant %s (%s) on %s to %I;',
    lower(acl.privilege_type), string_agg(quote_ident(attribute.attname), ', ' order by attribute.attnum),
    ours.qualified, coalesce(grantee.rolname, 'public'))
  from ours join pg_catalog.pg_attribute as attribute on attribute.attrelid = ours.oid and attribute.attacl is not null
  cross join lateral aclexplode(attribute.attacl) as acl
  left join pg_catalog.pg_roles as grantee on grantee.oid = acl.grantee
  group by ours.oid, ours.qualified, grantee.rolname, acl.privilege_type
  union all
  select ours.oid, 7, coalesce(attribute.attname, ''), format('comment on %s is %L;',
    case when comment.objsubid = 0 then 'table ' || ours.qualified else format('column %s.%I', ours.qualified, attribute.attname) end,
    comment.description)
  from ours join pg_catalog.pg_description as comment on comment.objoid = ours.oid and comment.classoid = 'pg_catalog.pg_class'::regclass
  left join pg_catalog.pg_attribute as attribute on attribute.attrelid = ours.oid and attribute.attnum = comment.objsubid and comment.objsubid > 0
)
select format(e'%s\n%s\n', case
    when ours.relkind in ('v', 'm') then format(e'create %sview %s%s as\n%s',
      case when ours.relkind = 'm' then 'materialized ' else '' end, ours.qualified,
      coalesce(' with (' || array_to_string(ours.reloptions, ', ') || ')', ''), pg_get_viewdef(ours.oid, true))
    else format(e'create table %s (\n%s\n);', ours.qualified, columns.text) end,
  coalesce((select string_agg(details.text, e'\n' order by details.kind, details.key) from details where details.oid = ours.oid), '')) as line
from ours join columns on columns.oid = ours.oid
order by ours.schema, ours.name
