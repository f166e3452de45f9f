/*
 * One action on many cases.
 *
 * Touches: private.kyc_bulk and its parts.
 * Not granted: to `anon` and `service_role`: a decision has a person behind it.
 */

/* The current attempt's documents, all to be replaced for one reason: [{document_id, reason_code}]. */
create function private.kyc_all_replacements(p_verification public.kyc_verifications, p_reason_code text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'document_id', document.document_id,
      'reason_code', coalesce((select user_code::text from private.kyc_reason_codes where code = p_reason_code), 'other'))
      order by document.document_id)
    from public.kyc_documents as document
    where document.verification_id = p_verification.verification_id and document.attempt = p_verification.attempt
      and document.replaced_at is null
  );
end
$$;
comment on function private.kyc_all_replacements(public.kyc_verifications, text) is
  'Documents of an attempt. Why definer: those of others are hidden.';

/* Moves a case by staff as no single operation does. Raises NF032, NF013, NF064, NF001. */
create function private.kyc_bulk_move(
  p_verification public.kyc_verifications, p_to public.kyc_status, p_reason_code text, p_staff_id uuid
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  -- An approved or rejected case comes into review by a decision to reopen it, not by being pulled.
  if p_to = 'in_review' and p_verification.status <> 'processing' then
    raise exception 'Only a case that the provider is working on can be pulled.' using errcode = 'NF032';
  end if;
  -- Sent again and cancelled, it would be over without a second person, and the next one begins with less risk.
  if p_to = 'cancelled' and p_verification.status in ('submitted', 'processing') and (
    private.kyc_is_for_staff(p_verification) or exists (
      select from private.kyc_cases
      where verification_id = p_verification.verification_id and approved_at is not null)
  ) then
    raise exception 'Two people decide this case: pull it into review.' using errcode = 'NF013';
  end if;
  return private.kyc_action_result(
    private.kyc_transition(p_verification.verification_id, p_to, 'staff', p_staff_id::text, p_reason_code), 'applied');
end
$$;
comment on function private.kyc_bulk_move(public.kyc_verifications, public.kyc_status, text, uuid) is
  'Pulls or cancels a case. Why definer: nobody may write status.';

/* Does the action of a bulk request on one item. Returns {result, status, version, ..}; raises what the single action does. */
create function private.kyc_bulk_act(p_request jsonb, p_verification_id uuid, p_version integer, p_reason_code text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_staff_id constant uuid := auth.uid();
  v_action constant text := p_request ->> 'action';
  v_note constant text := p_request ->> 'note';
  v_verification public.kyc_verifications;
begin
  v_verification := private.kyc_lock_for_decision(p_verification_id, v_staff_id, p_version);
  if v_note is not null and v_action not in ('reject', 'request_resubmission') then
    perform private.kyc_add_note(p_verification_id, v_note);
  end if;
  return case v_action
    when 'assign' then private.kyc_assign(p_verification_id, (p_request ->> 'assignee_id')::uuid) || '{"result": "applied"}'
    when 'release' then private.kyc_release(p_verification_id) || '{"result": "applied"}'
    when 'requeue' then private.kyc_requeue(p_verification_id)
    when 'pull' then private.kyc_bulk_move(v_verification, 'in_review', coalesce(p_reason_code, 'manual_review'), v_staff_id)
    when 'cancel' then private.kyc_bulk_move(v_verification, 'cancelled', p_reason_code, v_staff_id)
    when 'reject' then private.kyc_decide(p_verification_id, v_action, p_reason_code, v_note, null, p_version)
    when 'request_resubmission' then private.kyc_decide(p_verification_id, v_action, p_reason_code, v_note,
      private.kyc_all_replacements(v_verification, p_reason_code), p_version)
  end;
end
$$;
comment on function private.kyc_bulk_act(jsonb, uuid, integer, text) is
  'One item of a bulk action. Why definer: part of kyc_bulk, which has checked the role.';

/*
 * Does one item and undoes it if it fails or is only tried. Returns {verification_id, result, status, version,
 * sqlstate, message}: the last two null unless it was refused, the others as the case is or would be.
 */
create function private.kyc_bulk_item(p_request jsonb, p_item jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_id constant uuid := p_item ->> 'verification_id';
  v_done jsonb;
  v_sqlstate text;
  v_message text;
begin
  begin
    v_done := private.kyc_bulk_act(
      p_request, v_id, (p_item ->> 'version')::integer, coalesce(p_item ->> 'reason_code', p_request ->> 'reason_code'));
    if (p_request ->> 'dry_run')::boolean then
      raise exception 'Only tried.' using errcode = 'assert_failure';
    end if;
  exception
    when assert_failure then
      null;
    when serialization_failure or deadlock_detected then
      -- The whole request is tried again.
      raise;
    when others then
      v_done := null;
      v_sqlstate := sqlstate;
      v_message := pg_catalog.left(sqlerrm, 1000);
  end;
  v_done := coalesce(v_done, (
    select pg_catalog.jsonb_build_object('status', status, 'version', version)
    from public.kyc_verifications where verification_id = v_id));
  return pg_catalog.jsonb_build_object(
    'verification_id', v_id, 'result', v_done -> 'result', 'status', v_done -> 'status',
    'version', v_done -> 'version', 'sqlstate', v_sqlstate, 'message', v_message);
end
$$;
comment on function private.kyc_bulk_item(jsonb, jsonb) is
  'One item of a bulk action in a subtransaction. Why definer: part of kyc_bulk, which has checked the role.';

/*
 * Does one action on up to 100 cases. p_request: schema AdminBulkKycRequest. Each item succeeds or fails by
 * itself; with dry_run all are undone.
 * Returns: [{verification_id, result, status, version, sqlstate, message}] in the order of the request.
 * May be called by: reviewer, approver, compliance_admin; the rules of each action count too.
 * Raises NF010, NF011, NF001 (action, items, assignee_id, reason_code).
 */
create function private.kyc_bulk(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_action constant text := p_request ->> 'action';
  v_has_reason constant boolean := p_request ? 'reason_code'
    or pg_catalog.jsonb_path_exists(p_request, '$.items[*].reason_code');
  v_item record;
  v_results jsonb := '{}';
begin
  perform private.require_role('reviewer', 'approver', 'compliance_admin');
  perform private.require_aal2();
  if not coalesce(v_action in ('assign', 'release', 'pull', 'requeue', 'reject', 'request_resubmission', 'cancel'), false) then
    raise exception 'There is no such action.' using errcode = 'NF001', detail = 'action';
  elsif coalesce(pg_catalog.jsonb_array_length(p_request -> 'items'), 0) not between 1 and 100 or exists (
    select from pg_catalog.jsonb_array_elements(p_request -> 'items') as item
    group by item ->> 'verification_id' having count(*) > 1
  ) then
    raise exception 'Name 1 to 100 verifications, each once.' using errcode = 'NF001', detail = 'items';
  elsif (v_action = 'assign') <> p_request ? 'assignee_id' then
    raise exception 'To assign, and only to assign, needs an assignee.' using errcode = 'NF001', detail = 'assignee_id';
  elsif v_has_reason and v_action in ('assign', 'release', 'requeue') then
    raise exception 'This action takes no reason.' using errcode = 'NF001', detail = 'reason_code';
  end if;
  -- By id, so that two requests about the same cases wait for each other instead of getting entangled.
  for v_item in
    select item.value, item.value ->> 'verification_id' as id
    from pg_catalog.jsonb_array_elements(p_request -> 'items') as item (value)
    order by id
  loop
    v_results := v_results || pg_catalog.jsonb_build_object(v_item.id, private.kyc_bulk_item(p_request, v_item.value));
  end loop;
  return (
    select pg_catalog.jsonb_agg(v_results -> (item.value ->> 'verification_id') order by item.place)
    from pg_catalog.jsonb_array_elements(p_request -> 'items') with ordinality as item (value, place)
  );
end
$$;
comment on function private.kyc_bulk(jsonb) is
  'Acts on many cases. Why definer: nobody may write what it writes; the role is checked first.';
grant execute on function private.kyc_bulk(jsonb) to authenticated;
