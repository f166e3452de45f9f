-- Triggers that call our functions, on whatever table.
select pg_get_triggerdef(trigger.oid) || ';' as line
from pg_catalog.pg_trigger as trigger
join pg_catalog.pg_class as class on class.oid = trigger.tgrelid
join pg_catalog.pg_namespace as schema on schema.oid = class.relnamespace
join pg_catalog.pg_proc as function on function.oid = trigger.tgfoid
join pg_catalog.pg_namespace as namespace on namespace.oid = function.pronamespace
where not trigger.tgisinternal and namespace.nspname in ('public', 'private')
order by schema.nspname, class.relname, trigger.tgname
