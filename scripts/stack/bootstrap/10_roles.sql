/*
 * The roles that every Supabase project has. Runs as `supabase_admin`, the only superuser, on every
 * start; so every statement may meet its own result.
 *
 * `postgres` is a plain role here as it is on the platform: what migrations could not do there must
 * fail here too.
 */
do $$
declare
  v_role record;
begin
  for v_role in
    select *
    from (values
      ('postgres', 'login createdb createrole replication bypassrls inherit'),
      ('anon', 'nologin inherit'),
      ('authenticated', 'nologin inherit'),
      ('service_role', 'nologin inherit bypassrls'),
      ('authenticator', 'login noinherit'),
      ('supabase_auth_admin', 'login noinherit createrole'),
      ('supabase_storage_admin', 'login noinherit createrole'),
      ('supabase_realtime_admin', 'nologin noinherit'),
      ('supabase_replication_admin', 'login replication'),
      ('supabase_read_only_user', 'login bypassrls'),
      ('dashboard_user', 'nologin createdb createrole replication')
    ) as r (name, attributes)
  loop
    if not exists (select 1 from pg_catalog.pg_roles where rolname = v_role.name) then
      execute format('create role %I with %s', v_role.name, v_role.attributes);
    end if;
  end loop;
end
$$;

grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to supabase_storage_admin;
grant anon, authenticated, service_role, authenticator to postgres with admin option;
grant pg_monitor, pg_read_all_data, pg_signal_backend to postgres;
grant pg_read_all_data to supabase_read_only_user;

alter role supabase_admin set search_path to "$user", public, auth, extensions;
alter role postgres set search_path to "$user", public, extensions;
alter role supabase_auth_admin set search_path to auth;
alter role supabase_auth_admin set idle_in_transaction_session_timeout to 60000;
alter role supabase_storage_admin set search_path to storage;
alter role anon set statement_timeout to '3s';
alter role authenticated set statement_timeout to '8s';
alter role authenticator set statement_timeout to '8s';
alter role authenticator set lock_timeout to '8s';

alter database postgres owner to postgres;
alter database postgres set search_path to "$user", public, extensions;

-- Lets tests move the clock of the time-dependent rules; a deployed database does not have this.
alter database postgres set app.allow_clock_shift = 'on';
