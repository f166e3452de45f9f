/*
 * The rules of roles that hold whoever writes: there is always an administrator once there was one, and who has a
 * role stays who they are.
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

/*
 * Refuses what would change whom a member of staff is taken for (private.is_same_person). Nobody else changes the
 * name or birth date of staff; they themselves may complete them, and write them in another way. Nobody renames a
 * second account of theirs in the role of an operator either. Raises NF010.
 */
create function private.check_identity_change(p_old public.profiles, p_new public.profiles)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_is_own constant boolean := p_old.user_id = auth.uid();
  v_is_staff constant boolean := exists (select from private.user_roles where user_id = p_old.user_id);
begin
  if (p_old.first_name, p_old.last_name, p_old.date_of_birth)
    is not distinct from (p_new.first_name, p_new.last_name, p_new.date_of_birth) then
    return;
  elsif not v_is_own and (v_is_staff or private.is_same_person(p_old.user_id, auth.uid())) then
    raise exception 'Nobody else changes name or birth date of a member of staff.' using errcode = 'NF010';
  elsif v_is_staff
    and p_old.first_name is not null and p_old.last_name is not null and p_old.date_of_birth is not null
    and (p_new.first_name is null or p_new.last_name is null
      or p_new.date_of_birth is distinct from p_old.date_of_birth
      or private.normalise_name(pg_catalog.concat_ws(' ', p_new.first_name, p_new.last_name))
        <> private.normalise_name(pg_catalog.concat_ws(' ', p_old.first_name, p_old.last_name))) then
    raise exception 'Members of staff keep their name and birth date.' using errcode = 'NF010';
  end if;
end
$$;
comment on function private.check_identity_change(public.profiles, public.profiles) is
  'Keeps staff who they are. Why definer: roles are granted to nobody.';

create function private.tg_profiles__keep_identity()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.check_identity_change(old, new);
  return new;
end
$$;
comment on function private.tg_profiles__keep_identity() is
  'Keeps staff who they are. Why definer: calls a function that is granted to nobody.';
-- Auth and jobs act for nobody: what they carry out has been checked when it was asked for. Who is deleted votes no
-- more and nobody can rename them; what remains is erasure.
create trigger _460_keep_identity
  before update of first_name, last_name, date_of_birth on public.profiles
  for each row when (auth.uid() is not null and not old.is_soft_deleted)
  execute function private.tg_profiles__keep_identity();
