/*
 * Every account has a profile and no profile is without an account: the row is made in the transaction
 * that makes the account, and e-mail changes follow.
 *
 * Touches: triggers on auth.users.
 * Not granted: the trigger functions to anybody.
 */

/* A name from sign-up metadata, which the person may have filled with anything: kept only when valid. */
create function private.name_from_metadata(p_metadata jsonb, p_key text)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return (
    select candidate.name
    from (select pg_catalog.btrim(pg_catalog.normalize(p_metadata ->> p_key, 'NFC')) as name) as candidate
    where private.is_plain_text(candidate.name, 100)
  );
end
$$;
comment on function private.name_from_metadata(jsonb, text) is 'A valid name out of user metadata, or null.';

create function private.tg_users__create_profile()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.profiles (user_id, email, first_name, last_name)
  values (
    new.id,
    nullif(new.email, ''),
    coalesce(
      private.name_from_metadata(new.raw_user_meta_data, 'first_name'),
      private.name_from_metadata(new.raw_user_meta_data, 'given_name')),
    coalesce(
      private.name_from_metadata(new.raw_user_meta_data, 'last_name'),
      private.name_from_metadata(new.raw_user_meta_data, 'family_name'))
  );
  return null;
exception when unique_violation then
  raise exception 'A user with this e-mail address exists.' using errcode = 'NF030';
end
$$;
comment on function private.tg_users__create_profile() is
  'Makes the profile of a new account. Why definer: Auth writes as its own role, which may not write profiles.';

create function private.tg_users__sync_email()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.profiles set email = nullif(new.email, '') where user_id = new.id;
  return null;
exception when unique_violation then
  raise exception 'A user with this e-mail address exists.' using errcode = 'NF030';
end
$$;
comment on function private.tg_users__sync_email() is
  'Keeps the e-mail of the profile in step. Why definer: Auth writes as its own role.';

create or replace trigger nff_create_profile
  after insert on auth.users
  for each row execute function private.tg_users__create_profile();
create or replace trigger nff_sync_email
  after update of email on auth.users
  for each row when (old.email is distinct from new.email)
  execute function private.tg_users__sync_email();

-- Accounts that are older than this schema get their profile now.
insert into public.profiles (user_id, email)
select id, nullif(email, '') from auth.users
on conflict do nothing;
