/*
 * No approval while a hit on the person is undecided, neither by staff nor by a provider.
 *
 * Touches: private.screening_open_reason, private.kyc_require_screening_decided.
 * Not granted: to any API role; the functions that decide and the one writer of status call it.
 */

/* The reason to review a person that follows from undecided hits, of the gravest one; null without any. */
create function private.screening_open_reason(p_user_id uuid)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select case hit.kind when 'sanctions' then 'sanctions_hit' when 'pep' then 'pep_hit' else hit.kind end
    from private.screening_hits as hit
    where hit.user_id = p_user_id and hit.status = 'open'
    order by pg_catalog.array_position(array['sanctions', 'pep', 'adverse_media'], hit.kind) limit 1
  );
end
$$;
comment on function private.screening_open_reason(uuid) is
  'Reason that undecided hits give. Why definer: hits are granted to nobody.';

/*
 * Refuses with NF047 while hits on the person of a verification are open; detail = JSON array of their ids, the
 * ones that resemble the person most first, at most 100. Hits of all verifications count: they are about the
 * person. The caller has locked the verification.
 */
create function private.kyc_require_screening_decided(p_verification_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_open jsonb;
begin
  select pg_catalog.jsonb_agg(open.hit_id order by open.score desc, open.hit_id) into v_open
  from (
    select hit.hit_id, hit.score
    from public.kyc_verifications as verification
    join private.screening_hits as hit on hit.user_id = verification.user_id and hit.status = 'open'
    where verification.verification_id = p_verification_id
    order by hit.score desc, hit.hit_id limit 100
  ) as open;
  if v_open is not null then
    raise exception 'Hits on this person are not decided yet.' using errcode = 'NF047', detail = v_open::text;
  end if;
end
$$;
comment on function private.kyc_require_screening_decided(uuid) is
  'Refuses while hits are open. Why definer: hits are granted to nobody.';
grant execute on function private.kyc_require_screening_decided(uuid) to nff_engine;
