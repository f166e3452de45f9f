/*
 * Carrying out an erasure. Everything in our tables goes in the transaction of the step; what lies elsewhere
 * (files, the provider's copies, the account in Auth) goes by messages of the outbox, which are written in
 * the same transaction and are not given up. Each step can be taken again.
 *
 * Touches: the parts of private.advance_erasure (20261121100800).
 * Not granted: these to any API role.
 */

/* Cancels what the person could cancel; what was submitted is decided as ever. */
create function private.erase_cancel_drafts(p_user_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_id uuid;
begin
  for v_id in
    select verification_id from public.kyc_verifications
    where user_id = p_user_id and status in ('draft', 'resubmission_required')
  loop
    perform private.kyc_transition(v_id, 'cancelled', 'user', p_user_id::text, 'cancelled_by_user');
  end loop;
end
$$;
comment on function private.erase_cancel_drafts(uuid) is
  'Cancels open verifications. Why definer: nobody may write status.';

/*
 * Queues the removal of the files of all verifications that are over, and the deletion of the provider's
 * copies. Asked again, it queues only what is new. Returns whether there was a file.
 */
create function private.erase_files(p_user_id uuid)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := private.now();
  v_over record;
  v_found boolean := false;
begin
  for v_over in
    select verification.verification_id,
      (select pg_catalog.jsonb_agg(document.storage_path order by document.document_id)
       from public.kyc_documents as document
       where document.verification_id = verification.verification_id and document.purged_at is null) as paths
    from public.kyc_verifications as verification
    where verification.user_id = p_user_id and not private.kyc_is_open(verification.status)
  loop
    if v_over.paths is not null then
      v_found := true;
      insert into private.outbox (topic, subject_id, idempotency_key, payload, next_attempt_at, created_at)
      values ('storage.remove', v_over.verification_id, 'erase:' || v_over.verification_id,
        pg_catalog.jsonb_build_object('paths', v_over.paths), v_now, v_now)
      on conflict (idempotency_key) do nothing;
      -- A link for an upload outlives the account by up to two hours.
      perform private.queue_storage_clear(v_over.verification_id, 'kyc-documents',
        p_user_id || '/' || v_over.verification_id || '/', 'late files', v_now + interval '130 minutes');
    end if;
    insert into private.outbox (topic, subject_id, provider, idempotency_key, payload, next_attempt_at, created_at)
    select 'provider.redact', attempt.verification_id, attempt.provider,
      'redact:' || attempt.verification_id || ':' || attempt.attempt,
      pg_catalog.jsonb_build_object('attempt', attempt.attempt), v_now, v_now
    from private.kyc_attempts as attempt
    where attempt.verification_id = v_over.verification_id and attempt.provider_reference is not null
    on conflict (idempotency_key) do nothing;
  end loop;
  return v_found;
end
$$;
comment on function private.erase_files(uuid) is
  'Queues what lies elsewhere. Why definer: the outbox is granted to nobody.';

/* The messages of the outbox that an erasure waits for. */
create function private.erasure_messages(p_user_id uuid)
returns setof private.outbox
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return query
  select message.*
  from private.outbox as message
  where message.topic in ('auth.erase', 'storage.remove', 'storage.clear', 'provider.redact')
    and message.subject_id in (
      select p_user_id
      union all select verification_id from public.kyc_verifications where user_id = p_user_id
      union all select export_id from private.data_exports where user_id = p_user_id
    );
end
$$;
comment on function private.erasure_messages(uuid) is
  'Messages of an erasure. Why definer: the outbox is granted to nobody.';

/* Takes the steps that may be taken at once; the first time only. */
create function private.erase_now(p_request private.erasure_requests)
returns private.erasure_requests
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request private.erasure_requests := p_request;
  v_kinds text[] := array['account', 'contact_details', 'event_bodies'];
begin
  if exists (select from private.data_exports where user_id = v_request.user_id and removed_at is null) then
    v_kinds := v_kinds || 'exports'::text;
    perform private.remove_exports(v_request.user_id);
  end if;
  perform private.erase_cancel_drafts(v_request.user_id);
  if private.erase_files(v_request.user_id) then
    v_kinds := v_kinds || 'document_files'::text;
  end if;
  insert into private.outbox (topic, subject_id, idempotency_key, next_attempt_at, created_at)
  values ('auth.erase', v_request.user_id, 'auth.erase:' || v_request.user_id, private.now(), private.now())
  on conflict (idempotency_key) do nothing;
  perform private.erase_rows(v_request.user_id, 'now');
  if v_request.erasable_after is null then
    v_kinds := v_kinds || array['profile', 'address', 'verifications'];
  end if;
  update private.erasure_requests set erased_now = v_kinds, erased_now_at = private.now()
  where erasure_request_id = v_request.erasure_request_id
  returning * into v_request;
  perform private.audit_erasure(v_request, 'system', 'user.erasure_begun',
    pg_catalog.jsonb_build_object('kinds', pg_catalog.to_jsonb(v_kinds)));
  return v_request;
end
$$;
comment on function private.erase_now(private.erasure_requests) is
  'First part of an erasure. Why definer: writes tables that are granted to nobody.';

/* Notes what Auth and the provider have done, and sweeps up what Auth wrote about doing it. */
create function private.erase_note_progress(p_request private.erasure_requests)
returns private.erasure_requests
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_request private.erasure_requests := p_request;
  v_is_account_erased boolean;
  v_is_provider_done boolean;
begin
  -- An erasure is a duty: a message that was given up is sent again.
  update private.outbox
  set status = 'pending', attempts = 0, next_attempt_at = private.now(), finished_at = null
  where message_id in (
    select message_id from private.erasure_messages(v_request.user_id)
    where status = 'dead' and finished_at <= private.now() - interval '1 hour');

  select
    coalesce(pg_catalog.bool_and(status = 'sent') filter (where topic = 'auth.erase'), false),
    coalesce(pg_catalog.bool_and(status = 'sent') filter (where topic = 'provider.redact'), false)
  into v_is_account_erased, v_is_provider_done
  from private.erasure_messages(v_request.user_id);
  if v_is_account_erased and v_request.account_erased_at is null then
    perform private.erase_rows(v_request.user_id, 'now');
    perform private.erase_rows(v_request.user_id, 'sweep');
    v_request.account_erased_at := private.now();
  end if;
  if v_is_provider_done and v_request.provider_erased_at is null and not exists (
    select from public.kyc_verifications where user_id = v_request.user_id and private.kyc_is_open(status)
  ) then
    v_request.provider_erased_at := private.now();
  end if;
  update private.erasure_requests
  set account_erased_at = v_request.account_erased_at, provider_erased_at = v_request.provider_erased_at
  where erasure_request_id = v_request.erasure_request_id
    and (account_erased_at, provider_erased_at) is distinct from (v_request.account_erased_at, v_request.provider_erased_at);
  return v_request;
end
$$;
comment on function private.erase_note_progress(private.erasure_requests) is
  'Progress of an erasure. Why definer: the outbox is granted to nobody.';
