/*
 * Adds the roles of staff to access tokens, for front ends that want to know what to show. A token is as old
 * as its session is fresh, so nothing here or in a function decides by this claim.
 *
 * Touches: private.custom_access_token_hook; a policy on private.user_roles.
 * Not granted: to any role but Auth's.
 */

grant usage on schema private to supabase_auth_admin;
grant select (user_id, role) on private.user_roles to supabase_auth_admin;
create policy user_roles_select_auth on private.user_roles for select to supabase_auth_admin using (true);

/*
 * Called by Auth for each access token (config.toml, auth.hook.custom_access_token). event: {user_id, claims,
 * authentication_method}. Returns the event with the claim user_roles; every other claim stays as it is.
 * Raises nothing: a token without roles is better than nobody signing in.
 */
create function private.custom_access_token_hook(event jsonb)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_set(event, '{claims,user_roles}', coalesce((
    select pg_catalog.jsonb_agg(assigned.role order by assigned.role)
    from private.user_roles as assigned
    where assigned.user_id = (event ->> 'user_id')::uuid
  ), '[]'));
exception when others then
  raise warning 'custom_access_token_hook: %', sqlstate;
  return event;
end
$$;
comment on function private.custom_access_token_hook(jsonb) is 'Adds the roles of staff to the claims of a token.';
grant execute on function private.custom_access_token_hook(jsonb) to supabase_auth_admin;
