-- Two rules of the platform that plain Postgres lacks: the Data API reloads its schema after DDL,
-- and `postgres` may write policies on platform tables that it does not own, but not change them.

create or replace function extensions.pgrst_ddl_watch() returns event_trigger language plpgsql as $$
begin
  if exists (
    select from pg_catalog.pg_event_trigger_ddl_commands() as command
    where command.command_tag ~ '^(CREATE|ALTER) (SCHEMA|TABLE|VIEW|MATERIALIZED VIEW|FUNCTION|TYPE|DOMAIN|TRIGGER|RULE)|^(COMMENT|GRANT|REVOKE|SELECT INTO)'
      and coalesce(command.schema_name, '') not in ('pg_temp', 'auth', 'realtime', 'storage')
  ) then
    notify pgrst, 'reload schema';
  end if;
end $$;

create or replace function extensions.pgrst_drop_watch() returns event_trigger language plpgsql as $$
begin
  if exists (
    select from pg_catalog.pg_event_trigger_dropped_objects() as dropped
    where not dropped.is_temporary
      and dropped.object_type in ('schema', 'table', 'view', 'materialized view', 'function', 'type', 'trigger', 'rule')
      and coalesce(dropped.schema_name, '') not in ('auth', 'realtime', 'storage')
  ) then
    notify pgrst, 'reload schema';
  end if;
end $$;

-- Membership gives `postgres` the right to create policies and drop triggers; the event triggers take
-- the rest away.
grant supabase_auth_admin, supabase_storage_admin, supabase_realtime_admin to postgres
  with inherit true, set false;

create or replace function extensions.guard_platform_tables() returns event_trigger language plpgsql as $$
declare command record;
begin
  if (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then return; end if;
  for command in select * from pg_catalog.pg_event_trigger_ddl_commands() loop
    if command.schema_name in ('storage', 'realtime', 'auth')
      and command.command_tag not in ('CREATE POLICY', 'ALTER POLICY', 'CREATE TRIGGER', 'COMMENT') then
      raise exception 'must be owner of %', command.object_identity using errcode = '42501';
    end if;
  end loop;
end $$;

create or replace function extensions.guard_platform_drops() returns event_trigger language plpgsql as $$
declare dropped record;
begin
  if (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then return; end if;
  for dropped in select * from pg_catalog.pg_event_trigger_dropped_objects() loop
    if dropped.original and dropped.schema_name in ('storage', 'realtime', 'auth')
      and dropped.object_type not in ('policy', 'trigger') then
      raise exception 'must be owner of %', dropped.object_identity using errcode = '42501';
    end if;
  end loop;
end $$;

do $$ begin
  if not exists (select from pg_catalog.pg_event_trigger where evtname = 'pgrst_ddl_watch') then
    create event trigger pgrst_ddl_watch on ddl_command_end execute function extensions.pgrst_ddl_watch();
  end if;
  if not exists (select from pg_catalog.pg_event_trigger where evtname = 'pgrst_drop_watch') then
    create event trigger pgrst_drop_watch on sql_drop execute function extensions.pgrst_drop_watch();
  end if;
  if not exists (select from pg_catalog.pg_event_trigger where evtname = 'guard_platform_tables') then
    create event trigger guard_platform_tables on ddl_command_end execute function extensions.guard_platform_tables();
  end if;
  if not exists (select from pg_catalog.pg_event_trigger where evtname = 'guard_platform_drops') then
    create event trigger guard_platform_drops on sql_drop execute function extensions.guard_platform_drops();
  end if;
end $$;
