/*
 * What staff does about erasures: holds that stop them, and looking at them.
 *
 * Touches: private.place_legal_hold, private.release_legal_hold, private.list_legal_holds,
 * private.list_erasure_requests.
 * Not granted: to `anon` and `service_role`; each function asks for a role.
 */

/* A hold as in the contract (schema AdminLegalHold). */
create function private.legal_hold_json(p_hold private.legal_holds)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'hold_id', p_hold.hold_id, 'user_id', p_hold.user_id, 'reason_code', p_hold.reason_code,
    'placed_by', p_hold.placed_by, 'placed_at', private.iso(p_hold.placed_at),
    'released_by', p_hold.released_by, 'released_at', private.iso(p_hold.released_at));
end
$$;
comment on function private.legal_hold_json(private.legal_holds) is 'A hold for staff.';

/*
 * What a change of the holds on a person means for what is queued: removals wait while there is a hold and
 * go on after the last one; an erasure looks at it soon.
 */
create function private.apply_legal_holds(p_user_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if private.is_held(p_user_id) then
    update private.outbox
    set status = 'cancelled', finished_at = private.now(), last_error = 'legal_hold', lease_id = null
    where status in ('pending', 'dead') and payload ->> 'bucket' is distinct from 'exports'
      and message_id in (select message_id from private.erasure_messages(p_user_id));
  else
    update private.outbox
    set status = 'pending', finished_at = null, last_error = null, attempts = 0,
        next_attempt_at = greatest(next_attempt_at, private.now())
    where status = 'cancelled' and last_error = 'legal_hold'
      and message_id in (select message_id from private.erasure_messages(p_user_id));
  end if;
  update private.erasure_requests set next_run_at = private.now()
  where user_id = p_user_id and status <> 'completed';
end
$$;
comment on function private.apply_legal_holds(uuid) is
  'Stops and resumes removals. Why definer: the outbox is granted to nobody.';

/*
 * Orders that nothing of a person is erased. Returns: schema AdminLegalHold.
 * May be called by: compliance_admin, not about themselves. Raises NF002, NF010, NF011, NF020 (no such user), NF041
 * (held for this reason already; detail = id of the hold), NF043 (everything is erased already).
 */
create function private.place_legal_hold(p_user_id uuid, p_reason_code text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_staff_id constant uuid := private.require_role('compliance_admin');
  v_is_erased boolean;
  v_hold private.legal_holds;
begin
  perform private.require_aal2();
  -- The locks that an erasure takes too: whoever comes second sees what the first has done.
  perform from public.profiles where user_id = p_user_id for update;
  if not found then
    raise exception 'There is no such user.' using errcode = 'NF020';
  end if;
  if private.is_same_person(p_user_id, v_staff_id) then
    raise exception 'Nobody works on a hold on themselves.' using errcode = 'NF010';
  end if;
  select status = 'completed' into v_is_erased from private.erasure_requests where user_id = p_user_id for update;
  if v_is_erased then
    raise exception 'The data of this user has been erased.' using errcode = 'NF043';
  end if;
  insert into private.legal_holds (user_id, reason_code, placed_by) values (p_user_id, p_reason_code, v_staff_id)
  on conflict (user_id, reason_code) where released_at is null do nothing
  returning * into v_hold;
  if not found then
    raise exception 'There is a hold for this reason already.' using errcode = 'NF041', detail = (
      select hold_id::text from private.legal_holds
      where user_id = p_user_id and reason_code = p_reason_code and released_at is null);
  end if;
  perform private.apply_legal_holds(p_user_id);
  perform private.audit_append('user:' || p_user_id, 'staff', v_staff_id::text, 'user.legal_hold_placed', 'legal_hold',
    v_hold.hold_id::text, p_reason_code);
  return private.legal_hold_json(v_hold);
end
$$;
comment on function private.place_legal_hold(uuid, text) is
  'Places a hold. Why definer: holds are granted to nobody.';
grant execute on function private.place_legal_hold(uuid, text) to authenticated;

/*
 * Ends a hold; after the last one erasures go on. Releasing twice changes nothing. Returns: schema AdminLegalHold.
 * May be called by: compliance_admin, not about themselves. Raises NF002, NF010, NF011, NF020.
 */
create function private.release_legal_hold(p_hold_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_staff_id constant uuid := private.require_role('compliance_admin');
  v_hold private.legal_holds;
begin
  perform private.require_aal2();
  perform from public.profiles
  where user_id = (select user_id from private.legal_holds where hold_id = p_hold_id) for update;
  if exists (
    select from private.legal_holds
    where hold_id = p_hold_id and private.is_same_person(user_id, v_staff_id)
  ) then
    raise exception 'Nobody works on a hold on themselves.' using errcode = 'NF010';
  end if;
  update private.legal_holds set released_by = v_staff_id, released_at = private.now()
  where hold_id = p_hold_id and released_at is null
  returning * into v_hold;
  if not found then
    select * into v_hold from private.legal_holds where hold_id = p_hold_id;
    if not found then
      raise exception 'There is no such hold.' using errcode = 'NF020';
    end if;
    return private.legal_hold_json(v_hold);
  end if;
  perform private.apply_legal_holds(v_hold.user_id);
  perform private.audit_append('user:' || v_hold.user_id, 'staff', v_staff_id::text, 'user.legal_hold_released',
    'legal_hold', v_hold.hold_id::text, v_hold.reason_code);
  return private.legal_hold_json(v_hold);
end
$$;
comment on function private.release_legal_hold(uuid) is
  'Ends a hold. Why definer: holds are granted to nobody.';
grant execute on function private.release_legal_hold(uuid) to authenticated;

/*
 * Holds, newest first: rows of (item, position), item as in schema AdminLegalHold. p_is_active: only those that
 * hold, or only released ones; null for both. p_before: position of the last row of the page before. Never a hold on
 * the caller, who must not be told.
 * May be called by: compliance_admin, auditor, admin. Raises NF002, NF010.
 */
create function private.list_legal_holds(p_user_id uuid, p_is_active boolean, p_limit integer, p_before uuid default null)
returns table (item jsonb, "position" text)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_role('compliance_admin', 'auditor', 'admin');
  return query
  select private.legal_hold_json(hold), hold.hold_id::text
  from private.legal_holds as hold
  where (p_user_id is null or hold.user_id = p_user_id)
    and (p_is_active is null or (hold.released_at is null) = p_is_active)
    and (p_before is null or hold.hold_id < p_before)
    and not private.is_same_person(hold.user_id, auth.uid())
  order by hold.hold_id desc
  limit p_limit;
end
$$;
comment on function private.list_legal_holds(uuid, boolean, integer, uuid) is
  'Holds for staff. Why definer: holds are granted to nobody.';
grant execute on function private.list_legal_holds(uuid, boolean, integer, uuid) to authenticated;

/*
 * Erasure requests by time: rows of (item, position), item as in schema AdminErasureRequest.
 * p_filter: {status: [..], user_id, erasable_before}, each may be missing; p_is_descending: newest first;
 * p_after: position of the last row of the page before.
 * May be called by: compliance_admin, auditor, admin. Raises NF002, NF010.
 */
create function private.list_erasure_requests(
  p_filter jsonb, p_is_descending boolean, p_limit integer, p_after text default null
)
returns table (item jsonb, "position" text)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_at constant timestamptz := pg_catalog.split_part(p_after, ' ', 1)::timestamptz;
  v_id constant uuid := pg_catalog.split_part(p_after, ' ', 2)::uuid;
  v_direction constant text := case when p_is_descending then 'desc' else 'asc' end;
begin
  perform private.require_role('compliance_admin', 'auditor', 'admin');
  return query execute pg_catalog.format(
    $query$
      select private.erasure_json(request) || pg_catalog.jsonb_build_object(
          'user_id', request.user_id, 'provider_erased_at', private.iso(request.provider_erased_at),
          'completed_at', private.iso(request.completed_at)),
        pg_catalog.to_char(request.requested_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || ' '
          || request.erasure_request_id
      from private.erasure_requests as request
      where ($1 -> 'status' is null or $1 -> 'status' ? request.status)
        and ($1 ->> 'user_id' is null or request.user_id = ($1 ->> 'user_id')::uuid)
        and ($1 ->> 'erasable_before' is null or request.erasable_after < ($1 ->> 'erasable_before')::timestamptz)
        and ($2 is null or (request.requested_at, request.erasure_request_id) %s ($2, $3))
      order by request.requested_at %s, request.erasure_request_id %s
      limit $4
    $query$, case when p_is_descending then '<' else '>' end, v_direction, v_direction)
  using p_filter, v_at, v_id, p_limit;
end
$$;
comment on function private.list_erasure_requests(jsonb, boolean, integer, text) is
  'Erasure requests for staff. Why definer: requests are granted to nobody.';
grant execute on function private.list_erasure_requests(jsonb, boolean, integer, text) to authenticated;
