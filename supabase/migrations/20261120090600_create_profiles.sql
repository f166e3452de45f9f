/*
 * The person behind an account. NFF users module v1: deleting is a flag, the row stays.
 *
 * Touches: public.profiles.
 * Not granted: insert (a trigger on auth.users makes the row), delete (nobody), and update of e-mail,
 * flags, suspension and version: those belong to the server.
 */

create table public.profiles (
  user_id uuid primary key references auth.users (id) on delete cascade,
  first_name text check (private.is_plain_text(first_name, 100)),
  middle_name text check (private.is_plain_text(middle_name, 100)),
  last_name text check (private.is_plain_text(last_name, 100)),
  salutation text check (private.is_plain_text(salutation, 50)),
  date_of_birth date,
  email text check (pg_catalog.char_length(email) <= 254),
  phone text check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  is_soft_deleted boolean not null default false,
  is_permanently_deleted boolean not null default false,
  suspended_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default private.now(),
  updated_at timestamptz not null default private.now(),
  check (date_of_birth >= '1900-01-01'),
  check (is_soft_deleted or not is_permanently_deleted)
);
alter table public.profiles enable row level security;

create unique index profiles_email_key on public.profiles (pg_catalog.lower(email));
create index profiles_created_at_idx on public.profiles (created_at, user_id);

-- A person sees the own profile until it is deleted.
create policy profiles_select_own on public.profiles for select to authenticated
  using (user_id = (select auth.uid()) and not is_soft_deleted);

-- A suspended person may read but not write.
create policy profiles_update_own on public.profiles for update to authenticated
  using (user_id = (select auth.uid()) and not is_soft_deleted and suspended_at is null)
  with check (user_id = (select auth.uid()));

revoke all on public.profiles from anon, authenticated, service_role;
grant select on public.profiles to authenticated, service_role;
grant update (first_name, middle_name, last_name, salutation, date_of_birth, phone)
  on public.profiles to authenticated;

comment on table public.profiles is 'One row per account, made with it. Names stay null until the person tells them.';
comment on column public.profiles.email is 'Copy of the address in auth.users, kept in step by a trigger. Unique without regard to case.';
comment on column public.profiles.phone is 'E.164. What the person says, not what was verified.';
comment on column public.profiles.is_soft_deleted is 'Hidden and signed out; can be reactivated.';
comment on column public.profiles.is_permanently_deleted is 'Final for the API; the row stays for audits (NFF users v1).';
comment on column public.profiles.suspended_at is 'Since when staff has suspended the account.';
comment on column public.profiles.version is 'Counts the changes; the base of the ETag.';

create trigger _500_touch
  before update on public.profiles
  for each row execute function private.tg__touch();

/* Checks that depend on the day and so cannot be check constraints. */
create function private.tg_profiles__check_birth_date()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if new.date_of_birth >= private.now()::date then
    raise exception 'The date of birth must be in the past.' using errcode = 'NF001', detail = 'date_of_birth';
  end if;
  return new;
end
$$;
comment on function private.tg_profiles__check_birth_date() is 'Refuses birth dates that are not in the past.';
create trigger _400_check_birth_date
  before insert or update of date_of_birth on public.profiles
  for each row when (new.date_of_birth is not null)
  execute function private.tg_profiles__check_birth_date();
