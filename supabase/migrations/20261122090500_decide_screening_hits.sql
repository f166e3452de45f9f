/*
 * Staff and the hits: what is shown of them, and the decision on one.
 *
 * Touches: private.kyc_case_hits, private.kyc_decide_screening_hit.
 * Not granted: to `anon` and `service_role`: a decision has a person behind it.
 */

/* A hit with what the list says now (schema AdminScreeningHit); of an entry that is gone, what it was called. */
create function private.screening_hit_json(p_hit private.screening_hits)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_entry private.screening_entries;
begin
  select * into v_entry from private.screening_entries
  where list_name = p_hit.list_name and entry_ref = p_hit.entry_ref;
  return pg_catalog.jsonb_build_object(
    'hit_id', p_hit.hit_id, 'kind', p_hit.kind, 'list_name', p_hit.list_name, 'entry_id', p_hit.entry_ref,
    'entry_hash', pg_catalog.encode(p_hit.entry_hash, 'hex'), 'is_listed', v_entry.entry_id is not null,
    'matched_name', p_hit.matched_name, 'score', pg_catalog.round(p_hit.score::numeric, 2),
    'entry', case when v_entry.entry_id is not null then pg_catalog.jsonb_build_object(
      'name', v_entry.name, 'aliases', v_entry.aliases[1:50], 'birth_dates', v_entry.birth_dates[1:50],
      'countries', v_entry.countries[1:50]) end,
    'status', p_hit.status, 'decided_by', p_hit.decided_by, 'decided_at', private.iso(p_hit.decided_at),
    'found_at', private.iso(p_hit.found_at));
end
$$;
comment on function private.screening_hit_json(private.screening_hits) is
  'A hit for staff. Why definer: the lists are granted to nobody.';

/* The hits of a person, open ones first, over all verifications: part of a case. */
create function private.kyc_case_hits(p_user_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select coalesce(pg_catalog.jsonb_agg(private.screening_hit_json(shown.hit) order by shown.place), '[]')
    from (
      select hit, pg_catalog.row_number() over (order by hit.status <> 'open', hit.score desc, hit.hit_id) as place
      from private.screening_hits as hit
      where hit.user_id = p_user_id
      order by place limit 200
    ) as shown
  );
end
$$;
comment on function private.kyc_case_hits(uuid) is
  'Hits of a case. Why definer: part of kyc_case, which has checked the role.';

/*
 * Judges a hit. p_decision: confirm (it is the person) or dismiss (it is somebody else); p_entry_hash: the
 * content of the entry that the reviewer has seen. It may be judged again; every decision is kept.
 * Returns: the hit (schema AdminScreeningHit).
 * May be called by: reviewer, approver, compliance_admin.
 * Raises NF010 (role, or the own verification), NF011, NF020, NF037 (somebody else holds the case), NF050 (the
 * entry has changed since it was read), NF001 (decision, note).
 */
create function private.kyc_decide_screening_hit(
  p_verification_id uuid, p_hit_id uuid, p_decision text, p_note text, p_entry_hash text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_staff_id constant uuid := private.require_role('reviewer', 'approver', 'compliance_admin');
  v_status constant text := case p_decision when 'confirm' then 'confirmed' when 'dismiss' then 'dismissed' end;
  v_verification public.kyc_verifications;
  v_hit private.screening_hits;
begin
  perform private.require_aal2();
  if v_status is null then
    raise exception 'There is no such decision.' using errcode = 'NF001', detail = 'decision';
  end if;
  -- The verification before its hit: every function takes the locks in this order.
  select * into v_verification from public.kyc_verifications where verification_id = p_verification_id for update;
  select * into v_hit from private.screening_hits
  where hit_id = p_hit_id and user_id = v_verification.user_id for update;
  if not found then
    raise exception 'There is no such hit.' using errcode = 'NF020';
  end if;
  if private.is_same_person(v_verification.user_id, v_staff_id) then
    raise exception 'You may not decide your own verification.' using errcode = 'NF010';
  end if;
  perform private.kyc_require_holder(p_verification_id);
  if pg_catalog.encode(v_hit.entry_hash, 'hex') <> p_entry_hash then
    raise exception 'The entry has changed since it was read.' using errcode = 'NF050';
  end if;
  if coalesce(pg_catalog.char_length(p_note), 0) not between 1 and 4000 then
    raise exception 'Say why, in at most 4000 characters.' using errcode = 'NF001', detail = 'note';
  end if;

  insert into private.screening_decisions (hit_id, verification_id, decision, entry_hash, person_hash, note, decided_by)
  values (p_hit_id, p_verification_id, v_status, v_hit.entry_hash, v_hit.person_hash, p_note, v_staff_id);
  update private.screening_hits set status = v_status, decided_by = v_staff_id, decided_at = private.now()
  where hit_id = p_hit_id
  returning * into v_hit;
  update private.kyc_cases set flags = pg_catalog.array_remove(flags, 'screening_changed')
  where verification_id = v_hit.verification_id and not exists (
    select from private.screening_hits where verification_id = v_hit.verification_id and status = 'open');
  perform private.audit_append(
    'kyc:' || p_verification_id, 'staff', v_staff_id::text, 'kyc.screening_hit_decided', 'screening_hit', p_hit_id::text,
    null, pg_catalog.jsonb_build_object('decision', v_status, 'attempt', v_verification.attempt));
  return private.screening_hit_json(v_hit);
end
$$;
comment on function private.kyc_decide_screening_hit(uuid, uuid, text, text, text) is
  'Judges a hit. Why definer: hits are granted to nobody; the role is checked first.';
grant execute on function private.kyc_decide_screening_hit(uuid, uuid, text, text, text) to authenticated;
