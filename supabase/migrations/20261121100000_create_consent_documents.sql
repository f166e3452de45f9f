/*
 * The texts that people consent to, by version, and consenting to them. Only the version that is in force
 * can be consented to, and a verification needs that one.
 *
 * Touches: private.consent_documents, private.publish_consent_document, private.current_consent_version,
 * private.list_consent_documents, private.record_consent.
 * Not granted: the table to anybody. A deployment publishes its own texts by migration or as its owner.
 */

create table private.consent_documents (
  document public.consent_document not null,
  version text not null check (version ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$'),
  text text not null check (pg_catalog.char_length(text) between 1 and 200000),
  text_sha256 text not null check (text_sha256 ~ '^[0-9a-f]{64}$'),
  effective_from timestamptz not null,
  primary key (document, version),
  unique (document, effective_from)
);
alter table private.consent_documents enable row level security;
comment on table private.consent_documents is 'Published texts. Written once: a consent points to a text by version and hash.';
comment on column private.consent_documents.text is 'What people see, byte for byte.';
comment on column private.consent_documents.text_sha256 is 'Of the text in UTF-8; copied to each consent.';
comment on column private.consent_documents.effective_from is 'From then on this version is in force, until a newer one is.';

create trigger _100_append_only
  before update or delete or truncate on private.consent_documents
  for each statement execute function private.tg__append_only();

/*
 * Publishes a version of a text, in force from now on or later; people have to consent again from then on.
 * May be called by: the owner of the table. Raises unique_violation for a version that exists.
 */
create function private.publish_consent_document(
  p_document public.consent_document, p_version text, p_text text, p_effective_from timestamptz default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  insert into private.consent_documents (document, version, text, text_sha256, effective_from)
  values (p_document, p_version, p_text,
    pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(p_text, 'UTF8')), 'hex'),
    coalesce(p_effective_from, private.now()));
end
$$;
comment on function private.publish_consent_document(public.consent_document, text, text, timestamptz) is
  'Publishes a text for people to consent to.';

-- Short stand-ins, so that a new project works; a deployment publishes its own.
do $$
begin
  perform private.publish_consent_document('terms', '2026-11-01',
    'You may use this service for yourself. Replace this text with your terms before you go live.');
  perform private.publish_consent_document('privacy', '2026-11-01',
    'We keep what you tell us to run your account. Replace this text with your privacy notice before you go live.');
  perform private.publish_consent_document('kyc_processing', '2026-11-01',
    'We check your identity with your documents and a provider. Replace this text with your own before you go live.');
end
$$;

/* The version of a text that is in force, null if none has been published. */
create function private.current_consent_version(p_document public.consent_document)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select published.version from private.consent_documents as published
    where published.document = p_document and published.effective_from <= private.now()
    order by published.effective_from desc
    limit 1
  );
end
$$;
comment on function private.current_consent_version(public.consent_document) is
  'Version in force. Why definer: the texts are granted to nobody.';

/*
 * The texts that are in force: a JSON array of schema ConsentDocumentInfo.
 * May be called by: everybody. Raises nothing.
 */
create function private.list_consent_documents()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return coalesce((
    select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'document', published.document, 'version', published.version, 'text', published.text,
      'text_sha256', published.text_sha256, 'effective_from', private.iso(published.effective_from))
      order by published.document)
    from private.consent_documents as published
    where published.version = private.current_consent_version(published.document)
  ), '[]');
end
$$;
comment on function private.list_consent_documents() is
  'Texts to consent to. Why definer: the table is granted to nobody.';
grant execute on function private.list_consent_documents() to anon, authenticated, service_role;

/*
 * Records that the signed-in person agrees to the version of a text that is in force. Agreeing twice
 * changes nothing and answers the first row.
 * Returns: {consent_id, document, version, text_sha256, given_at}.
 * May be called by: a signed-in person. Raises NF045 (not the version in force), NF010, NF012.
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
  v_current constant text := private.current_consent_version(p_document);
  v_consent public.consents;
begin
  if p_version is distinct from v_current then
    raise exception 'The version in force is %.', coalesce(v_current, 'not published yet') using errcode = 'NF045';
  end if;
  insert into public.consents (user_id, document, version, text_sha256)
  select v_user_id, published.document, published.version, published.text_sha256
  from private.consent_documents as published
  where published.document = p_document and published.version = p_version
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
end
$$;
comment on function private.record_consent(public.consent_document, text) is
  'Appends a consent. Why definer: people may not insert, so that id, hash and time are ours.';
grant execute on function private.record_consent(public.consent_document, text) to authenticated;
