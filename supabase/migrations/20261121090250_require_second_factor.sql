/*
 * Staff decides, revokes, reveals documents and changes roles and keys with two factors only.
 *
 * Touches: private.settings, private.require_aal2; the functions that do those things call it first.
 * Not granted: auth.sessions to anybody.
 */
alter table private.settings add column staff_mfa_required boolean not null default true;
comment on column private.settings.staff_mfa_required is
  'Whether staff needs two factors to decide, reveal and grant. The seed of local stacks turns it off.';

/*
 * Refuses a session that has not proved a second factor, where settings or the caller of this transaction
 * (`app.require_staff_mfa`) ask for one: each can only be stricter than the other. The session is looked up
 * besides the token, so that a factor that was removed counts no longer. Raises NF011.
 */
create function private.require_aal2()
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_session_id constant text := auth.jwt() ->> 'session_id';
begin
  if not (select staff_mfa_required from private.settings)
    and pg_catalog.current_setting('app.require_staff_mfa', true) is distinct from 'on'
  then
    return;
  end if;
  if auth.jwt() ->> 'aal' is distinct from 'aal2' or v_session_id is not null and not exists (
    select from auth.sessions where id = private.uuid_or_null(v_session_id) and aal = 'aal2'
  ) then
    raise exception 'Sign in with your second factor to do this.' using errcode = 'NF011';
  end if;
end
$$;
comment on function private.require_aal2() is
  'Second factor check. Why definer: settings and the tables of Auth are granted to nobody.';
grant execute on function private.require_aal2() to authenticated;
