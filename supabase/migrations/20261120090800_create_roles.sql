/*
 * Who is staff, and the checks that every function makes before it does anything.
 *
 * Touches: private.user_roles, private.has_role, private.require_role, private.require_account,
 * private.require_reader.
 * Not granted: the table to anybody; roles are read through functions, so a change counts at once.
 */

create table private.user_roles (
  user_id uuid not null references public.profiles (user_id) on delete cascade,
  role public.staff_role not null,
  granted_by uuid references public.profiles (user_id) on delete set null,
  granted_at timestamptz not null default private.now(),
  primary key (user_id, role)
);
alter table private.user_roles enable row level security;
create index user_roles_granted_by_idx on private.user_roles (granted_by);
create index user_roles_role_idx on private.user_roles (role);
comment on table private.user_roles is 'Roles of staff. Looked up at each request: no claim in a token can be stale.';
comment on column private.user_roles.granted_by is 'Null when it came from the command line or a seed.';

/*
 * Whether the signed-in person has one of the roles and an account in good standing.
 * May be called by: every signed-in person. Raises nothing; false without a person.
 */
create function private.has_role(variadic p_roles public.staff_role[])
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return exists (
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
grant execute on function private.has_role(public.staff_role[]) to authenticated, service_role;

/* The id of the signed-in person, who must have one of the roles. Raises NF010. */
create function private.require_role(variadic p_roles public.staff_role[])
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  if not private.has_role(variadic p_roles) then
    raise exception 'None of your roles allows this.' using errcode = 'NF010';
  end if;
  return auth.uid();
end
$$;
comment on function private.require_role(public.staff_role[]) is 'Refuses callers without one of the roles.';
grant execute on function private.require_role(public.staff_role[]) to authenticated;

/* The roles of the signed-in person. May be called by: every signed-in person. */
create function private.my_roles()
returns public.staff_role[]
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return array(
    select assigned.role from private.user_roles as assigned
    where assigned.user_id = auth.uid() order by assigned.role
  );
end
$$;
comment on function private.my_roles() is
  'Own roles. Why definer: roles are granted to nobody.';
grant execute on function private.my_roles() to authenticated;

/*
 * The id of the signed-in person, whose account may write. Raises NF010 without a person, NF012 when
 * the account is suspended or deleted.
 */
create function private.require_account()
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
  if not exists (
    select from public.profiles
    where user_id = v_user_id and suspended_at is null and not is_soft_deleted
  ) then
    raise exception 'The account is suspended or deleted.' using errcode = 'NF012';
  end if;
  return v_user_id;
end
$$;
comment on function private.require_account() is
  'Account check. Why definer: a deleted profile is hidden from its owner, and that must be told apart from no profile.';
grant execute on function private.require_account() to authenticated;

/*
 * The id of the signed-in person, whose account may read what it owns: also while it is suspended, but
 * not when it is deleted. Raises NF010 without a person, NF012 when the account is deleted.
 */
create function private.require_reader()
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
  if not exists (select from public.profiles where user_id = v_user_id and not is_soft_deleted) then
    raise exception 'The account is deleted.' using errcode = 'NF012';
  end if;
  return v_user_id;
end
$$;
comment on function private.require_reader() is
  'Reader check. Why definer: a deleted profile is hidden from its owner, and that must be told apart from no profile.';
grant execute on function private.require_reader() to authenticated;
