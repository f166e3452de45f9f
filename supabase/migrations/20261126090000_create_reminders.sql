/*
 * Reminds people of what they have to do before time decides: a draft that is not handed in, documents
 * that were asked for, an approval that is about to end.
 *
 * Touches: periods in private.settings; private.kyc_reminders; the job `remind`; rows of
 * private.personal_data and private.audit_visible_actions.
 * Not granted: the table and the job to anybody; service_role runs the job through
 * private.run_schedules().
 */

alter table private.settings
  add column draft_reminders interval[] not null default array['1 day', '5 days']::interval[],
  add column resubmission_reminders interval[] not null default array['3 days', '10 days']::interval[],
  add column expiry_reminders interval[] not null default array['60 days', '30 days', '7 days']::interval[];
comment on column private.settings.draft_reminders is 'Ages of a draft at which the person is reminded of it; empty for never.';
comment on column private.settings.resubmission_reminders is
  'How long after a request for new documents the person is reminded of it; empty for never.';
comment on column private.settings.expiry_reminders is
  'How long before the end of an approval the person is reminded of it; empty for never.';

create table private.kyc_reminders (
  verification_id uuid not null references public.kyc_verifications (verification_id) on delete restrict,
  kind text not null check (kind in ('draft', 'resubmission', 'expiry')),
  due_at timestamptz not null,
  created_at timestamptz not null default private.now(),
  primary key (verification_id, kind, due_at)
);
alter table private.kyc_reminders enable row level security;
comment on table private.kyc_reminders is
  'One row per reminder, made once. Outgoing webhooks and mails are to be fed from these rows.';
comment on column private.kyc_reminders.due_at is
  'When the settings want it: a new request for documents or a new end of the approval makes new ones.';

insert into private.personal_data (relation, rows_of, section, shown, kept_because) values
  ('private.kyc_reminders',
    't.verification_id in (select v.verification_id from public.kyc_verifications as v where v.user_id = $1)',
    'reminders', array['verification_id', 'kind', 'due_at', 'created_at'], 'Codes and times only.');
insert into private.audit_visible_actions (action) values ('kyc.reminded');

/*
 * Sends to the channel of a person. Where the database has no Realtime nothing is sent.
 * May be called by: the functions of this schema. Raises nothing.
 */
create function private.broadcast_to_user(p_user_id uuid, p_event text, p_payload jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if pg_catalog.to_regprocedure('realtime.send(jsonb,text,text,boolean)') is null then
    return;
  end if;
  -- Dynamic, so that the function can be created where there is no such schema.
  execute 'select realtime.send($1, $2, $3, true)' using p_payload, p_event, 'user:' || p_user_id;
exception when others then
  -- A message is a courtesy; what it tells of stays done.
  raise warning '% was not broadcast: %', p_event, sqlerrm;
end
$$;
comment on function private.broadcast_to_user(uuid, text, jsonb) is
  'Broadcast to one person. Why definer: nobody has a right on realtime.messages.';

/*
 * Makes the reminders that are due: of those of one verification only the last, so that a run that comes
 * late, or an approval that is short from the start, is one message and not a pile. Rows that somebody
 * else holds are left for the next run.
 * The time zone is fixed because due_at tells reminders apart: days that are counted in the zone of the
 * caller would differ by an hour where clocks are put back.
 */
create function private.job_remind(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
set timezone = 'UTC'
as $$
declare
  v_now constant timestamptz := private.now();
  v_settings private.settings;
  v_due record;
  v_made integer := 0;
begin
  select * into strict v_settings from private.settings;
  for v_due in
    select verification.verification_id, verification.user_id, reminder.kind, reminder.due_at,
      coalesce(verification.expires_at, verification.deadline_at) as deadline
    from public.kyc_verifications as verification
    cross join lateral (
      select planned.kind, max(planned.due_at) as due_at
      from (
        select 'draft' as kind, verification.status_changed_at + after as due_at
        from unnest(v_settings.draft_reminders) as after where verification.status = 'draft'
        union all
        select 'resubmission', verification.status_changed_at + after
        from unnest(v_settings.resubmission_reminders) as after where verification.status = 'resubmission_required'
        union all
        select 'expiry', verification.expires_at - before
        from unnest(v_settings.expiry_reminders) as before where verification.status = 'approved'
      ) as planned
      where planned.due_at <= v_now
      group by planned.kind
    ) as reminder
    -- Each side has its index; what is over is moved by other jobs.
    where (verification.deadline_at > v_now and verification.status in ('draft', 'resubmission_required')
        or verification.expires_at > v_now and verification.status = 'approved'
          and verification.expires_at <= v_now + (select max(before) from unnest(v_settings.expiry_reminders) as before))
      and not exists (
        select from private.kyc_reminders as made
        where made.verification_id = verification.verification_id and made.kind = reminder.kind
          and made.due_at = reminder.due_at
      )
      and not exists (
        select from public.profiles as person
        where person.user_id = verification.user_id and person.is_soft_deleted
      )
      and not exists (
        select from public.kyc_verifications as newer
        where newer.user_id = verification.user_id and newer.verification_id > verification.verification_id
          and (private.kyc_is_open(newer.status) or newer.status = 'approved')
      )
    order by reminder.due_at
    limit p_limit
    for update of verification skip locked
  loop
    insert into private.kyc_reminders (verification_id, kind, due_at, created_at)
    values (v_due.verification_id, v_due.kind, v_due.due_at, v_now)
    on conflict do nothing;
    -- Another run has made it since this one began to look.
    continue when not found;
    perform private.audit_append(
      'kyc:' || v_due.verification_id, 'scheduler', 'remind', 'kyc.reminded', 'kyc_verification',
      v_due.verification_id::text, null,
      pg_catalog.jsonb_build_object('kind', v_due.kind, 'due_at', private.iso(v_due.due_at)));
    perform private.broadcast_to_user(v_due.user_id, 'kyc.reminder', pg_catalog.jsonb_build_object(
      'verification_id', v_due.verification_id, 'kind', v_due.kind, 'deadline', private.iso(v_due.deadline)));
    v_made := v_made + 1;
  end loop;
  return v_made;
end
$$;
comment on function private.job_remind(integer) is
  'Reminders that are due. Why definer: verifications, reminders and the audit are granted to nobody.';

insert into private.schedules (job, every, routine) values ('remind', '15 minutes', 'job_remind');
