/*
 * Extensions are used where they exist and missed without harm where they do not.
 *
 * Touches: private.try_extension, private.capabilities; extensions pg_trgm, pg_cron, pg_net.
 * Not granted: try_extension to anybody; it is for migrations.
 */

/* Enables an extension if the server offers it. Returns whether it is enabled now; raises nothing. */
create function private.try_extension(p_name text, p_schema text default null)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  if exists (select from pg_catalog.pg_extension where extname = p_name) then
    return true;
  end if;
  if not exists (select from pg_catalog.pg_available_extensions where name = p_name) then
    raise notice 'extension % is not available: the feature stays off', p_name;
    return false;
  end if;
  if p_schema is null then
    execute pg_catalog.format('create extension if not exists %I', p_name);
  else
    execute pg_catalog.format('create extension if not exists %I with schema %I', p_name, p_schema);
  end if;
  return true;
exception
  -- For example: not in shared_preload_libraries, or only a superuser may create it.
  when insufficient_privilege or feature_not_supported or undefined_file
    or object_not_in_prerequisite_state then
    raise notice 'extension % cannot be enabled (%)', p_name, sqlerrm;
    return false;
end
$$;
comment on function private.try_extension(text, text) is
  'Enables an extension where the server offers it; says whether it is enabled.';

/*
 * What this database can do beyond plain Postgres: one row per optional part.
 * May be called by: service_role. Raises nothing.
 */
create function private.capabilities()
returns table (name text, is_available boolean)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return query values
    ('pg_trgm', pg_catalog.to_regprocedure('extensions.similarity(text,text)') is not null),
    ('pg_cron', pg_catalog.to_regprocedure('cron.schedule(text,text,text)') is not null),
    ('pg_net', pg_catalog.to_regnamespace('net') is not null),
    ('vault', pg_catalog.to_regclass('vault.decrypted_secrets') is not null),
    ('realtime', pg_catalog.to_regprocedure('realtime.send(jsonb,text,text,boolean)') is not null);
end
$$;
comment on function private.capabilities() is 'The optional parts of the platform and whether they are here.';
grant execute on function private.capabilities() to service_role;

do $$
begin
  perform private.try_extension('pg_trgm', 'extensions');
  perform private.try_extension('pg_cron', 'pg_catalog');
  perform private.try_extension('pg_net', 'extensions');
end
$$;
