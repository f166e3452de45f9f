/*
 * What OAuth providers say of a person's name: Supabase Auth keeps `name` and `full_name` of them and drops
 * the parts. So the profile of somebody who comes from a provider gets its names out of the whole one; the
 * person may correct them.
 *
 * Touches: private.name_from_metadata.
 * Not granted: anything new.
 */

/*
 * A name from sign-up metadata, which the person may have filled with anything: kept only when valid. Where
 * there are no parts, the last word of the full name is the family name.
 */
create or replace function private.name_from_metadata(p_metadata jsonb, p_key text)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
  v_full constant text := pg_catalog.btrim(coalesce(p_metadata ->> 'full_name', p_metadata ->> 'name'));
  v_name text := p_metadata ->> p_key;
begin
  if p_key in ('given_name', 'family_name') and not p_metadata ?| array['given_name', 'family_name'] then
    v_name := case
      when p_key = 'family_name' then pg_catalog.substring(v_full, '\s(\S+)$')
      else pg_catalog.regexp_replace(v_full, '\s+\S+$', '')
    end;
  end if;
  return (
    select candidate.name
    from (select pg_catalog.btrim(pg_catalog.normalize(v_name, 'NFC')) as name) as candidate
    where private.is_plain_text(candidate.name, 100)
  );
end
$$;
