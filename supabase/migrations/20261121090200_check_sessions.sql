/*
 * A token outlives its session: after sign-out it is good until it expires. So whoever writes must have a
 * session that has not ended, looked up in the transaction of the write.
 *
 * Touches: private.is_session_alive, private.require_session; private.has_role, private.require_role and
 * private.require_account, which now ask for it; restrictive policies; the functions of users.*MySession*.
 * Not granted: auth.sessions to anybody.
 */

/*
 * Whether the session of this request's token has not ended. Tokens without a session (another issuer's,
 * or signed by hand) are as good as their expiry. May be called by: every signed-in person. Raises nothing.
 */
create function private.is_session_alive()
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_session_id constant text := auth.jwt() ->> 'session_id';
begin
  -- By the primary key alone: with the user in the condition a planner may read all of the person's sessions.
  return v_session_id is null or auth.uid() is not distinct from (
    select user_id from auth.sessions
    where id = private.uuid_or_null(v_session_id) and (not_after is null or not_after > pg_catalog.now())
  );
end
$$;
comment on function private.is_session_alive() is
  'Session check. Why definer: the tables of Auth are granted to nobody.';
grant execute on function private.is_session_alive() to authenticated, nff_operator;

/* Refuses callers whose session has ended. Raises NF002. */
create function private.require_session()
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  if not private.is_session_alive() then
    raise exception 'The session has ended: sign in again.' using errcode = 'NF002';
  end if;
end
$$;
comment on function private.require_session() is 'Refuses tokens of ended sessions.';
grant execute on function private.require_session() to authenticated;

create or replace function private.has_role(variadic p_roles public.staff_role[])
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return private.is_session_alive() and exists (
    select
    from private.user_roles as assigned
    join public.profiles as profile on profile.user_id = assigned.user_id
    where assigned.user_id = auth.uid()
      and assigned.role = any (p_roles)
      and profile.suspended_at is null
      and not profile.is_soft_deleted
  );
end
$$;
comment on function private.has_role(public.staff_role[]) is
  'Role check. Why definer: roles are granted to nobody, and people must not see those of others.';

/* The id of the signed-in person, who must have one of the roles. Raises NF002, NF010. */
create or replace function private.require_role(variadic p_roles public.staff_role[])
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  perform private.require_session();
  if not private.has_role(variadic p_roles) then
    raise exception 'None of your roles allows this.' using errcode = 'NF010';
  end if;
  return auth.uid();
end
$$;

/*
 * The id of the signed-in person, whose account may write. Raises NF010 without a person, NF012 when
 * the account is suspended or deleted, NF002 when the session has ended.
 */
create or replace function private.require_account()
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := auth.uid();
begin
  if v_user_id is null then
    raise exception 'Nobody is signed in.' using errcode = 'NF010';
  end if;
  -- Blocking an account ends its sessions; the reason is the better answer.
  if not exists (
    select from public.profiles
    where user_id = v_user_id and suspended_at is null and not is_soft_deleted
  ) then
    raise exception 'The account is suspended or deleted.' using errcode = 'NF012';
  end if;
  perform private.require_session();
  return v_user_id;
end
$$;
comment on function private.require_account() is
  'Account check. Why definer: a deleted profile is hidden from its owner, and that must be told apart from no profile.';

-- Writes that come through the Data API and Storage follow the same rule.
create policy profiles_update_live_session on public.profiles as restrictive for update to authenticated
  using ((select private.is_session_alive())) with check ((select private.is_session_alive()));
create policy addresses_update_live_session on public.addresses as restrictive for update to authenticated
  using ((select private.is_session_alive())) with check ((select private.is_session_alive()));
drop policy if exists nff_documents_insert_live_session on storage.objects;
create policy nff_documents_insert_live_session on storage.objects as restrictive for insert to authenticated
  with check (bucket_id <> 'kyc-documents' or (select private.is_session_alive()));

/*
 * The sessions of the signed-in person that have not ended, newest first: a JSON array of schema Session.
 * Raises NF002, NF010, NF012.
 */
create function private.list_my_sessions()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_account();
begin
  return coalesce((
    select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'session_id', own.id,
      'is_current', own.id::text is not distinct from auth.jwt() ->> 'session_id',
      'aal', case own.aal when 'aal2' then 'aal2' else 'aal1' end,
      'user_agent', pg_catalog.left(own.user_agent, 1000),
      'ip', pg_catalog.host(own.ip),
      'created_at', private.iso(own.created_at),
      -- Auth keeps this one without a time zone, in UTC.
      'last_active_at', private.iso(coalesce(own.refreshed_at at time zone 'UTC', own.created_at))
    ) order by own.created_at desc, own.id)
    from (
      select * from auth.sessions
      where user_id = v_user_id and (not_after is null or not_after > pg_catalog.now())
      order by created_at desc limit 100
    ) as own
  ), '[]');
end
$$;
comment on function private.list_my_sessions() is
  'Own sessions. Why definer: the tables of Auth are granted to nobody.';
grant execute on function private.list_my_sessions() to authenticated;

/* Ends a session of the signed-in person; its refresh tokens go with it. Raises NF002, NF010, NF012, NF020. */
create function private.end_my_session(p_session_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_account();
begin
  delete from auth.sessions where id = p_session_id and user_id = v_user_id;
  if not found then
    raise exception 'There is no such session.' using errcode = 'NF020';
  end if;
  perform private.audit_append('user:' || v_user_id, 'user', v_user_id::text, 'user.session_ended', 'session',
    p_session_id::text);
end
$$;
comment on function private.end_my_session(uuid) is
  'Ends an own session. Why definer: the tables of Auth are granted to nobody.';
grant execute on function private.end_my_session(uuid) to authenticated;
