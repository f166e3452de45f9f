/*
 * The course of an erasure: asked for, then taken further by the scheduler until nothing is left.
 *
 * Touches: private.request_erasure, private.advance_erasure, private.job_advance_erasures, private.schedules.
 * Not granted: the last two to any API role.
 */

/*
 * Takes a request as far as it can go now; part of request_erasure and of the schedule, which hold its
 * row. Under a legal hold nothing happens.
 */
create function private.advance_erasure(p_request private.erasure_requests)
returns private.erasure_requests
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := private.now();
  v_user_id constant uuid := p_request.user_id;
  v_request private.erasure_requests := p_request;
  v_is_held constant boolean := private.is_held(p_request.user_id);
  v_is_due constant boolean := coalesce(p_request.erasable_after <= v_now, true);
  v_is_sending boolean;
  v_has_open_case boolean;
  v_status text;
begin
  if not v_is_held then
    if v_request.erased_now_at is null then
      v_request := private.erase_now(v_request);
    else
      -- A verification that was being decided may be over by now.
      perform private.erase_files(v_user_id);
    end if;
    v_request := private.erase_note_progress(v_request);
    if v_is_due and v_request.erased_later_at is null then
      perform private.erase_rows(v_user_id, 'later');
      v_request.erased_later_at := v_now;
    end if;
  end if;

  v_is_sending := v_request.account_erased_at is null
    or exists (select from private.erasure_messages(v_user_id) where status <> 'sent');
  v_has_open_case := exists (
    select from public.kyc_verifications where user_id = v_user_id and private.kyc_is_open(status));
  v_status := case
    when v_is_held then 'legal_hold'
    when not v_is_due then 'scheduled'
    when v_is_sending or v_has_open_case then 'accepted'
    else 'completed'
  end;
  if v_status = 'completed' then
    -- Whatever was written since the steps above, such as the body of a late event.
    perform private.erase_rows(v_user_id, stage) from unnest(array['now', 'later', 'sweep']) as stage;
  end if;
  update private.erasure_requests
  set status = v_status,
      erased_later_at = v_request.erased_later_at,
      last_error = null,
      completed_at = case when v_status = 'completed' then v_now end,
      next_run_at = case
        when v_status = 'completed' then null
        -- Releasing the hold brings it forward.
        when v_is_held then v_now + interval '1 day'
        when v_is_sending then v_now + interval '1 minute'
        when v_has_open_case then v_now + interval '1 hour'
        else v_request.erasable_after
      end
  where erasure_request_id = v_request.erasure_request_id
  returning * into v_request;
  if v_status <> p_request.status then
    perform private.audit_erasure(v_request, 'system', 'user.erasure_' || case v_status
      when 'legal_hold' then 'held' when 'accepted' then 'resumed' else v_status end);
  end if;
  return v_request;
end
$$;
comment on function private.advance_erasure(private.erasure_requests) is
  'Takes an erasure further. Why definer: writes tables that are granted to nobody.';

/* Closes an account for good: it is hidden, signed out and cannot sign in (see _600_follow_access). */
create function private.close_account(p_user_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  update public.profiles set is_soft_deleted = true, is_permanently_deleted = true where user_id = p_user_id;
  update public.addresses set is_soft_deleted = true, is_permanently_deleted = true where user_id = p_user_id;
end
$$;
comment on function private.close_account(uuid) is
  'Closes an account. Why definer: people may not update the flags.';

/*
 * Asks to erase the signed-in person: closes the account and begins. Asked again, also by a token that
 * outlives the account, it answers the request there is.
 * Returns: schema ErasureRequest.
 * May be called by: a signed-in person.
 * Raises NF002, NF010, NF012 (deleted by somebody else), NF040 (the last administrator; from the guard of
 * profiles).
 */
create function private.request_erasure()
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := auth.uid();
  v_request private.erasure_requests;
begin
  perform from public.profiles where user_id = v_user_id for update;
  select * into v_request from private.erasure_requests where user_id = v_user_id for update;
  if found then
    return private.erasure_json(v_request);
  end if;
  perform private.require_person();
  insert into private.erasure_requests (user_id, erasable_after)
  select v_user_id, case when exists (
    -- Somebody whose identity was checked: the law wants the record kept.
    select from public.kyc_verifications where user_id = v_user_id and attempt > 0
  ) then private.now() + settings.record_retention end
  from private.settings as settings
  returning * into v_request;
  perform private.audit_erasure(v_request, 'user', 'user.erasure_requested');
  perform private.close_account(v_user_id);
  return private.erasure_json(private.advance_erasure(v_request));
end
$$;
comment on function private.request_erasure() is
  'Asks for an erasure. Why definer: requests are granted to nobody.';
grant execute on function private.request_erasure() to authenticated;

/*
 * Takes the requests further that are due. One that fails is put off for an hour and does not stop the
 * others.
 */
create function private.job_advance_erasures(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid;
  v_request private.erasure_requests;
  v_done integer := 0;
begin
  for v_user_id in
    select user_id from private.erasure_requests where next_run_at <= private.now() order by next_run_at limit p_limit
  loop
    begin
      -- The profile before the request: every function takes the locks in this order.
      perform from public.profiles where user_id = v_user_id for update skip locked;
      continue when not found;
      select * into v_request from private.erasure_requests
      where user_id = v_user_id and next_run_at <= private.now() for update;
      continue when not found;
      perform private.advance_erasure(v_request);
    exception when others then
      update private.erasure_requests
      set last_error = sqlstate, next_run_at = private.now() + interval '1 hour'
      where user_id = v_user_id and status <> 'completed';
    end;
    v_done := v_done + 1;
  end loop;
  return v_done;
end
$$;
comment on function private.job_advance_erasures(integer) is
  'Erasures that are due. Why definer: requests are granted to nobody.';

insert into private.schedules (job, every, routine) values ('advance_erasures', '1 minute', 'job_advance_erasures');
