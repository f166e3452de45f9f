/*
 * What a person has agreed to, and when. Append-only: a new version is a new row.
 *
 * Touches: public.consents, private.record_consent.
 * Not granted: insert, update, delete; the function is the only writer.
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
comment on column public.consents.text_sha256 is 'Hash of the text, where the deployment keeps the texts.';

create trigger _100_append_only
  before update or delete or truncate on public.consents
  for each statement execute function private.tg__append_only();

/*
 * Records that the signed-in person agrees to a version of a text. Agreeing twice changes nothing and
 * answers the first row.
 * Returns: {consent_id, document, version, text_sha256, given_at}.
 * May be called by: a signed-in person. Raises NF001 (version), NF010, NF012.
 */
create function private.record_consent(p_document public.consent_document, p_version text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_account();
  v_consent public.consents;
begin
  insert into public.consents (user_id, document, version)
  values (v_user_id, p_document, p_version)
  on conflict (user_id, document, version) do nothing
  returning * into v_consent;

  if found then
    perform private.audit_append(
      'user:' || v_user_id, 'user', v_user_id::text, 'user.consent_recorded', 'consent',
      v_consent.consent_id::text, null,
      pg_catalog.jsonb_build_object('document', p_document, 'version', p_version));
  else
    select * into strict v_consent from public.consents
    where user_id = v_user_id and document = p_document and version = p_version;
  end if;

  return pg_catalog.jsonb_build_object(
    'consent_id', v_consent.consent_id, 'document', v_consent.document, 'version', v_consent.version,
    'text_sha256', v_consent.text_sha256, 'given_at', private.iso(v_consent.given_at));
exception when check_violation then
  raise exception 'The version is not valid.' using errcode = 'NF001', detail = 'version';
end
$$;
comment on function private.record_consent(public.consent_document, text) is
  'Appends a consent. Why definer: people may not insert, so that id and time are ours.';
grant execute on function private.record_consent(public.consent_document, text) to authenticated;
