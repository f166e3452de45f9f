/*
 * Asking Auth to send somebody the e-mail for a new password. The wish is a row that commits with its audit
 * entry; whoever runs the worker tells Auth. So there is no wish without its entry, and Auth being away
 * delays it. Neither staff nor this database ever has the link.
 *
 * Touches: private.settings, private.password_resets, private.request_password_reset.
 * Not granted: the table to anybody; the function to `anon` and `service_role`.
 */
alter table private.settings
  add column password_reset_cooldown interval not null default '60 seconds',
  add column password_reset_daily_limit smallint not null default 5 check (password_reset_daily_limit > 0);
comment on column private.settings.password_reset_cooldown is
  'Between two e-mails for a new password that staff has sent to one person.';
comment on column private.settings.password_reset_daily_limit is
  'E-mails for a new password that staff may have sent to one person within 24 hours.';

create table private.password_resets (
  user_id uuid not null references public.profiles (user_id) on delete cascade,
  requested_at timestamptz not null,
  requested_by uuid not null references public.profiles (user_id) on delete cascade,
  primary key (user_id, requested_at)
);
alter table private.password_resets enable row level security;
create index password_resets_requested_by_idx on private.password_resets (requested_by);
comment on table private.password_resets is
  'E-mails of the last day that staff has asked for, to be counted. The audit keeps them for good.';

insert into private.personal_data (relation, rows_of, withheld_because, erase_now) values
  ('private.password_resets', 't.user_id = $1',
    'Work in progress inside our systems says nothing more about you.', 'delete');

/*
 * Asks for the e-mail. Returns: {user_id, requested_at} (schema AdminPasswordReset).
 * May be called by: support, admin; for staff admin only.
 * Raises NF002, NF010, NF020, NF043 (not active), NF071 (too many; detail = when it is possible again).
 */
create function private.request_password_reset(p_user_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_actor constant uuid := private.require_role('support', 'admin');
  v_profile constant public.profiles := private.lock_user_for_staff(p_user_id);
  v_now constant timestamptz := private.now();
  v_settings private.settings;
  v_sent timestamptz[];
  v_free_at timestamptz;
begin
  if private.account_status(v_profile) <> 'active' then
    raise exception 'The account is not active.' using errcode = 'NF043';
  end if;
  select * into strict v_settings from private.settings;
  delete from private.password_resets where user_id = p_user_id and requested_at <= v_now - interval '24 hours';
  v_sent := array(
    select requested_at from private.password_resets where user_id = p_user_id order by requested_at desc);
  v_free_at := greatest(
    v_sent[1] + v_settings.password_reset_cooldown,
    v_sent[v_settings.password_reset_daily_limit] + interval '24 hours');
  if v_free_at > v_now then
    raise exception 'This person has been sent such an e-mail already.' using errcode = 'NF071',
      detail = private.iso(v_free_at);
  end if;
  insert into private.password_resets (user_id, requested_at, requested_by) values (p_user_id, v_now, v_actor);
  perform private.request_account_task(p_user_id, 'recovery');
  perform private.audit_append('user:' || p_user_id, 'staff', v_actor::text, 'user.password_reset_requested', 'user',
    p_user_id::text);
  return pg_catalog.jsonb_build_object('user_id', p_user_id, 'requested_at', private.iso(v_now));
end
$$;
comment on function private.request_password_reset(uuid) is
  'Queues an e-mail. Why definer: the queue is granted to nobody; the role is checked first.';
grant execute on function private.request_password_reset(uuid) to authenticated;
