/*
 * The rules of roles that hold whoever writes: there is always an administrator once there was one.
 *
 * Touches: triggers on private.user_roles and public.profiles, private.role_rank.
 * Not granted: anything new.
 */

/* How far up a role stands: nobody gives or takes a role above their own. */
create function private.role_rank(p_role public.staff_role)
returns integer
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return case p_role
    when 'support' then 1
    when 'auditor' then 1
    when 'reviewer' then 2
    when 'approver' then 3
    when 'compliance_admin' then 4
    when 'admin' then 5
  end;
end
$$;
comment on function private.role_rank(public.staff_role) is 'Order of the roles for granting; it gives no role the rights of another.';

/* Serialises whatever can change who is an administrator, until the transaction ends. */
create function private.lock_roles()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('private.user_roles', 20261121));
end
$$;
comment on function private.lock_roles() is 'Keeps two changes of roles apart.';

/* Whether somebody other than this person is an administrator who can sign in. */
create function private.has_other_admin(p_user_id uuid)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  return exists (
    select from private.user_roles as assigned
    join public.profiles as profile on profile.user_id = assigned.user_id
    where assigned.role = 'admin' and assigned.user_id is distinct from p_user_id
      and profile.suspended_at is null and not profile.is_soft_deleted
  );
end
$$;
comment on function private.has_other_admin(uuid) is
  'Looks for another administrator. Why definer: roles are granted to nobody.';

create function private.tg_user_roles__keep_admin()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.lock_roles();
  if not private.has_other_admin(old.user_id) then
    raise exception 'The last administrator must stay one.' using errcode = 'NF040';
  end if;
  return case tg_op when 'DELETE' then old else new end;
end
$$;
comment on function private.tg_user_roles__keep_admin() is
  'Keeps the last administrator. Why definer: roles are granted to nobody.';
create trigger _100_keep_admin
  before delete or update of role, user_id on private.user_roles
  for each row when (old.role = 'admin')
  execute function private.tg_user_roles__keep_admin();

create function private.tg_profiles__keep_admin()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if exists (select from private.user_roles where user_id = new.user_id and role = 'admin') then
    perform private.lock_roles();
    if not private.has_other_admin(new.user_id) then
      raise exception 'The last administrator can be neither deleted nor suspended.' using errcode = 'NF040';
    end if;
  end if;
  return new;
end
$$;
comment on function private.tg_profiles__keep_admin() is
  'Keeps the last administrator able to sign in. Why definer: roles are granted to nobody.';
create trigger _450_keep_admin
  before update of is_soft_deleted, suspended_at on public.profiles
  for each row
  when ((new.is_soft_deleted or new.suspended_at is not null)
    and not (old.is_soft_deleted or old.suspended_at is not null))
  execute function private.tg_profiles__keep_admin();
