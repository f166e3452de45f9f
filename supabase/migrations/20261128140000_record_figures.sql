/*
 * Figures of the work are sums that are kept, so that reading them costs the same whatever happened before.
 * What happens is noted as one row in the transaction that makes it happen, without waiting for anybody else;
 * a job adds the notes up (20261128140100). A note is removed by the transaction that adds it, so a crash
 * neither loses nor repeats it.
 *
 * Touches: private.figure_notes and the triggers that write it.
 * Not granted: to anybody.
 */

create table private.figure_notes (
  note_id bigint generated always as identity primary key,
  kind text not null check (kind in ('created', 'moved', 'document', 'target', 'vote', 'request', 'event')),
  verification_id uuid,
  at timestamptz not null default private.now(),
  data jsonb not null default '{}'
);
alter table private.figure_notes enable row level security;
comment on table private.figure_notes is 'What happened and is not in private.figures yet; a row lives for about a minute.';
comment on column private.figure_notes.data is 'What the sums need besides, by kind: see the functions that write it.';

insert into private.personal_data (relation, rows_of, withheld_because, kept_because) values
  ('private.figure_notes',
    't.verification_id in (select v.verification_id from public.kyc_verifications as v where v.user_id = $1)',
    'Work in progress inside our systems says nothing more about you.',
    'Ids, codes and times; each row goes within minutes.');

/* Time between two moments in whole milliseconds, never negative. */
create function private.elapsed_ms(p_from timestamptz, p_to timestamptz)
returns bigint
language plpgsql
immutable
strict
security invoker
set search_path = ''
as $$
begin
  return greatest(extract(epoch from p_to - p_from) * 1000, 0)::bigint;
end
$$;
comment on function private.elapsed_ms(timestamptz, timestamptz) is 'Milliseconds between two moments.';

/* Notes a new verification, and each move of one; who moved it and why is in the audit, by the version. */
create function private.tg_kyc_verifications__note_figures()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.figure_notes (kind, verification_id, at, data)
    values ('created', new.verification_id, new.created_at, pg_catalog.jsonb_build_object('to', new.status));
    return null;
  end if;
  insert into private.figure_notes (kind, verification_id, at, data)
  values ('moved', new.verification_id, new.status_changed_at,
    pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
      'from', old.status, 'to', new.status, 'created_at', new.created_at, 'version', new.version,
      'first_submission', case when old.submitted_at is null and new.submitted_at is not null then true end,
      'first_decision', case when old.decided_at is null and new.decided_at is not null then true end,
      'first_approval', case when new.status = 'approved' and not exists (
        select from private.kyc_cases
        where verification_id = new.verification_id and approved_at is not null) then true end,
      -- Only the first decision on what was submitted: a case that is opened again has waited for nobody.
      'decision_ms', case when new.status in ('approved', 'rejected')
        and (old.decided_at is null or old.decided_at < new.submitted_at)
        then private.elapsed_ms(new.submitted_at, new.decided_at) end)));
  return null;
end
$$;
comment on function private.tg_kyc_verifications__note_figures() is
  'Notes moves. Why definer: the notes are granted to nobody.';
create trigger _700_note_figures
  after insert on public.kyc_verifications
  for each row execute function private.tg_kyc_verifications__note_figures();
create trigger _700_note_moves
  after update of status on public.kyc_verifications
  for each row when (old.status is distinct from new.status)
  execute function private.tg_kyc_verifications__note_figures();

/* Notes that a document of a verification has passed the check. */
create function private.tg_kyc_documents__note_figures()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.figure_notes (kind, verification_id, data)
  values ('document', new.verification_id, pg_catalog.jsonb_build_object('document_id', new.document_id));
  return null;
end
$$;
comment on function private.tg_kyc_documents__note_figures() is
  'Notes documents. Why definer: the notes are granted to nobody.';
create trigger _700_note_figures
  after update of status on public.kyc_documents
  for each row when (old.status = 'pending' and new.status = 'uploaded')
  execute function private.tg_kyc_documents__note_figures();

/* Notes the beginning and the end of a review, and a change of its target. */
create function private.tg_kyc_cases__note_figures()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.figure_notes (kind, verification_id, data)
  values ('target', new.verification_id, pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
    'old_due', old.due_at, 'old_risk', coalesce(old.risk_level, 'low'),
    'new_due', new.due_at, 'new_risk', coalesce(new.risk_level, 'low'))));
  return null;
end
$$;
comment on function private.tg_kyc_cases__note_figures() is
  'Notes targets. Why definer: the notes are granted to nobody.';
create trigger _700_note_figures
  after update on private.kyc_cases
  for each row when (old.due_at is distinct from new.due_at
    or (new.due_at is not null and old.risk_level is distinct from new.risk_level))
  execute function private.tg_kyc_cases__note_figures();

/* Notes the vote of a second person. */
create function private.tg_kyc_reviews__note_figures()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.figure_notes (kind, verification_id, at, data)
  values ('vote', new.verification_id, new.created_at,
    pg_catalog.jsonb_build_object('reviewer_id', new.reviewer_id));
  return null;
end
$$;
comment on function private.tg_kyc_reviews__note_figures() is
  'Notes second votes. Why definer: the notes are granted to nobody.';
create trigger _700_note_figures
  after insert on private.kyc_reviews
  for each row when (new.vote in ('confirm', 'decline'))
  execute function private.tg_kyc_reviews__note_figures();

/*
 * Notes that a request to a provider was answered or failed. The claim has set the end of the lease, so what
 * passed since the claim is known.
 */
create function private.tg_outbox__note_figures()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := private.now();
begin
  insert into private.figure_notes (kind, at, data)
  select 'request', v_now, pg_catalog.jsonb_build_object(
    'provider', new.provider, 'failed', new.status <> 'sent',
    'ms', private.elapsed_ms(old.next_attempt_at - settings.outbox_lease, v_now))
  from private.settings as settings;
  return null;
end
$$;
comment on function private.tg_outbox__note_figures() is
  'Notes requests. Why definer: the notes are granted to nobody.';
create trigger _700_note_figures
  after update on private.outbox
  for each row when (old.provider is not null and old.status = 'pending' and old.lease_id is not null
    and (new.status in ('sent', 'dead') or (new.status = 'pending' and new.lease_id is null)))
  execute function private.tg_outbox__note_figures();

/* Notes how long an event took from the provider to its effect here. */
create function private.tg_webhook_inbox__note_figures()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.figure_notes (kind, verification_id, at, data)
  values ('event', new.verification_id, new.processed_at,
    pg_catalog.jsonb_build_object('ms', private.elapsed_ms(new.occurred_at, new.processed_at)));
  return null;
end
$$;
comment on function private.tg_webhook_inbox__note_figures() is
  'Notes events. Why definer: the notes are granted to nobody.';
create trigger _700_note_figures
  after insert on private.webhook_inbox
  for each row when (new.result = 'applied' and new.processed_at is not null)
  execute function private.tg_webhook_inbox__note_figures();
create trigger _700_note_retried
  after update of result on private.webhook_inbox
  for each row when (old.result <> 'applied' and new.result = 'applied' and new.processed_at is not null)
  execute function private.tg_webhook_inbox__note_figures();
