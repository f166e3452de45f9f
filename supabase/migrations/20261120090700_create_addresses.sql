/*
 * The address of a person: exactly one now, in a table of its own so that more can come (NFF users v1).
 *
 * Touches: public.addresses.
 * Not granted: insert and delete (private.put_my_address makes the row), update of flags and version.
 */

create table public.addresses (
  address_id uuid primary key default private.uuid_v7(),
  user_id uuid not null unique references public.profiles (user_id) on delete cascade,
  address_name text not null check (private.is_plain_text(address_name, 200)),
  street_address_1 text not null check (private.is_plain_text(street_address_1, 200)),
  street_address_2 text check (private.is_plain_text(street_address_2, 200)),
  city text not null check (private.is_plain_text(city, 200)),
  state_region text not null check (private.is_plain_text(state_region, 200)),
  postal_code text not null check (postal_code ~ '^[A-Za-z0-9][A-Za-z0-9 -]{0,15}$'),
  country text not null check (country ~ '^[A-Z]{2}$'),
  is_soft_deleted boolean not null default false,
  is_permanently_deleted boolean not null default false,
  version integer not null default 1,
  created_at timestamptz not null default private.now(),
  updated_at timestamptz not null default private.now(),
  check (is_soft_deleted or not is_permanently_deleted)
);
alter table public.addresses enable row level security;

-- A person sees and changes the own address; the profile decides whether writing is allowed.
create policy addresses_select_own on public.addresses for select to authenticated
  using (user_id = (select auth.uid()) and not is_soft_deleted);
create policy addresses_update_own on public.addresses for update to authenticated
  using (
    user_id = (select auth.uid()) and not is_soft_deleted
    and exists (
      select from public.profiles as profile
      where profile.user_id = (select auth.uid()) and profile.suspended_at is null
    )
  )
  with check (user_id = (select auth.uid()));

revoke all on public.addresses from anon, authenticated, service_role;
grant select on public.addresses to authenticated, service_role;
grant update (
  address_name, street_address_1, street_address_2, city, state_region, postal_code, country
) on public.addresses to authenticated;

comment on table public.addresses is 'The address of a person. The unique user_id keeps it to one.';
comment on column public.addresses.address_name is 'What the person calls it, or the name on the letter box.';
comment on column public.addresses.country is 'ISO 3166-1 alpha-2.';
comment on column public.addresses.version is 'Counts the changes; the base of the ETag.';

create trigger _500_touch
  before update on public.addresses
  for each row execute function private.tg__touch();
