/*
 * The same document in cases of different people, found by its number, where the provider reads it.
 *
 * Touches: private.document_key, an index on private.kyc_attempts.
 * Not granted: to any API role.
 */

/* What names a document: its number without signs and case, and the country that issued it; null without a number. */
create function private.document_key(p_extracted jsonb)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return nullif(pg_catalog.upper(
      pg_catalog.regexp_replace(p_extracted ->> 'document_number', '[^A-Za-z0-9]', '', 'g')), '')
    || '|' || coalesce(p_extracted ->> 'issuing_country', '');
end
$$;
comment on function private.document_key(jsonb) is 'Key of a document as the provider has read it.';
-- An index is kept up with the rights of who writes to its table.
grant execute on function private.document_key(jsonb) to nff_engine;

create index kyc_attempts_document_key_idx on private.kyc_attempts (private.document_key(extracted));
