/*
 * What a person has agreed to, and when. Append-only: a new version is a new row.
 *
 * Touches: public.consents.
 * Not granted: insert, update, delete; private.record_consent (20261121100000) is the only writer.
 */

create table public.consents (
  consent_id uuid primary key default private.uuid_v7(),
  user_id uuid not null references public.profiles (user_id) on delete restrict,
  document public.consent_document not null,
  version text not null check (version ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$'),
  text_sha256 text check (text_sha256 ~ '^[0-9a-f]{64}$'),
  given_at timestamptz not null default private.now(),
  unique (user_id, document, version)
);
alter table public.consents enable row level security;

create policy consents_select_own on public.consents for select to authenticated
  using (user_id = (select auth.uid()));

revoke all on public.consents from anon, authenticated, service_role;
grant select on public.consents to authenticated, service_role;

comment on table public.consents is 'Consents as given. Kept as proof: an account with consents cannot be removed, only flagged.';
comment on column public.consents.document is 'The text that was agreed to.';
comment on column public.consents.version is 'The version of that text.';
comment on column public.consents.text_sha256 is 'Hash of the text that was shown.';

create trigger _100_append_only
  before update or delete or truncate on public.consents
  for each statement execute function private.tg__append_only();
