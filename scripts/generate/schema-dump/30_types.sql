select format(e'create type %I.%I as enum (%s);%s', namespace.nspname, type.typname,
    (select string_agg(quote_literal(label.enumlabel), ', ' order by label.enumsortorder)
     from pg_catalog.pg_enum as label where label.enumtypid = type.oid),
    case when obj_description(type.oid, 'pg_type') is null then ''
      else e'\n' || format('comment on type %I.%I is %L;', namespace.nspname, type.typname, obj_description(type.oid, 'pg_type')) end) as line
from pg_catalog.pg_type as type
join pg_catalog.pg_namespace as namespace on namespace.oid = type.typnamespace
where namespace.nspname in ('public', 'private') and type.typtype = 'e'
order by namespace.nspname, type.typname
