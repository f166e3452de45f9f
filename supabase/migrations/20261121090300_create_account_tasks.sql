/*
 * What has to be told to Auth about an account: that it may no longer sign in, or may again, the
 * invitation of somebody who was created by an administrator, and the e-mail for a new password. Each task is a row, written with the change that
 * asks for it, so a crash between our commit and the call to Auth delays it and cannot lose it.
 *
 * Touches: private.account_tasks, its functions, a trigger on public.profiles.
 * Not granted: the table to anybody.
 */

create table private.account_tasks (
  user_id uuid not null references public.profiles (user_id) on delete cascade,
  task text not null check (task in ('access', 'invitation', 'recovery')),
  generation integer not null default 1,
  attempts smallint not null default 0,
  next_attempt_at timestamptz not null default private.now(),
  last_error text,
  created_at timestamptz not null default private.now(),
  primary key (user_id, task)
) with (fillfactor = 80);
alter table private.account_tasks enable row level security;
create index account_tasks_due_idx on private.account_tasks (next_attempt_at);
comment on table private.account_tasks is 'Calls to Auth that are still to be made. A row goes when Auth has done it.';
comment on column private.account_tasks.task is 'access: make the ban of the account what the profile says. invitation: send the first e-mail. recovery: send the e-mail for a new password.';
comment on column private.account_tasks.generation is 'Counts the requests, so that an answer to an older one does not end a newer one.';
comment on column private.account_tasks.next_attempt_at is 'When it is due; while somebody works on it, when the lease ends.';

/* Asks for a task, or asks again. */
create function private.request_account_task(p_user_id uuid, p_task text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  insert into private.account_tasks as asked (user_id, task) values (p_user_id, p_task)
  on conflict (user_id, task) do update
  set generation = asked.generation + 1, attempts = 0, next_attempt_at = private.now(), last_error = null;
end
$$;
comment on function private.request_account_task(uuid, text) is
  'Queues a call to Auth. Why definer: the queue is granted to nobody.';

/*
 * Blocking an account ends its sessions with the same commit, whoever blocks it and why; Auth is told to
 * refuse new ones. Lifting the block tells Auth too.
 */
create function private.tg_profiles__follow_access()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if new.is_soft_deleted or new.suspended_at is not null then
    delete from auth.sessions where user_id = new.user_id;
  end if;
  perform private.request_account_task(new.user_id, 'access');
  return null;
end
$$;
comment on function private.tg_profiles__follow_access() is
  'Ends sessions and queues the ban. Why definer: sessions and the queue are granted to nobody.';
create trigger _600_follow_access
  after update of is_soft_deleted, suspended_at on public.profiles
  for each row
  when ((old.is_soft_deleted or old.suspended_at is not null)
    is distinct from (new.is_soft_deleted or new.suspended_at is not null))
  execute function private.tg_profiles__follow_access();

/*
 * Takes up to p_limit due tasks, oldest first, under a lease. With p_user_id: the access task of that person,
 * due or not, because somebody waits for it; doing it twice does no harm.
 * Returns the tasks with what is to be done now: is_blocked, whether the account may not sign in; is_wanted,
 * false when there is nothing left to do (then report it done).
 * May be called by: service_role. Raises nothing.
 */
create function private.claim_account_tasks(p_limit integer, p_user_id uuid default null)
returns table (user_id uuid, task text, generation integer, email text, is_blocked boolean, is_wanted boolean)
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := private.now();
begin
  return query
  with claimed as (
    update private.account_tasks as due
    set attempts = due.attempts + 1,
        next_attempt_at = v_now + (select settings.outbox_lease from private.settings as settings)
    where (due.user_id, due.task) in (
      select open.user_id, open.task
      from private.account_tasks as open
      where case when p_user_id is null then open.next_attempt_at <= v_now
        else open.user_id = p_user_id and open.task = 'access' end
      order by open.next_attempt_at
      for update of open skip locked
      limit p_limit
    )
    returning due.user_id, due.task, due.generation
  )
  select claimed.user_id, claimed.task, claimed.generation, account.email::text,
    profile.is_soft_deleted or profile.suspended_at is not null,
    claimed.task = 'access' or (
      (claimed.task = 'recovery' or account.email_confirmed_at is null) and account.email <> ''
      and not profile.is_soft_deleted and profile.suspended_at is null)
  from claimed
  join public.profiles as profile on profile.user_id = claimed.user_id
  join auth.users as account on account.id = claimed.user_id;
end
$$;
comment on function private.claim_account_tasks(integer, uuid) is
  'Claims calls to Auth. Why definer: the queue is granted to nobody.';
grant execute on function private.claim_account_tasks(integer, uuid) to service_role;

/*
 * Notes that Auth has done what was claimed. Where the account is not as the profile wants it by then,
 * because somebody changed it meanwhile, the task starts anew.
 * May be called by: service_role. Raises nothing.
 */
create function private.finish_account_task(p_user_id uuid, p_task text, p_generation integer)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_is_done boolean := true;
begin
  if p_task = 'access' then
    select (profile.is_soft_deleted or profile.suspended_at is not null)
      = coalesce(account.banned_until > pg_catalog.now(), false)
    into v_is_done
    from public.profiles as profile
    join auth.users as account on account.id = profile.user_id
    where profile.user_id = p_user_id
    for share of profile;
  end if;
  if v_is_done then
    delete from private.account_tasks
    where user_id = p_user_id and task = p_task and generation = p_generation;
  elsif found then
    perform private.request_account_task(p_user_id, p_task);
  end if;
end
$$;
comment on function private.finish_account_task(uuid, text, integer) is
  'Ends a call to Auth. Why definer: the queue is granted to nobody.';
grant execute on function private.finish_account_task(uuid, text, integer) to service_role;

/*
 * Notes that Auth did not do what was claimed. The delays are those of the outbox; an e-mail is given up
 * after the last of them, a ban never.
 * Returns whether it will be tried again. May be called by: service_role. Raises nothing.
 */
create function private.fail_account_task(p_user_id uuid, p_task text, p_generation integer, p_error text)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_delays interval[];
  v_attempts smallint;
begin
  select outbox_retry_delays into strict v_delays from private.settings;
  update private.account_tasks
  set last_error = pg_catalog.left(p_error, 500),
      next_attempt_at = private.now() + v_delays[least(attempts, pg_catalog.cardinality(v_delays))]
  where user_id = p_user_id and task = p_task and generation = p_generation
  returning attempts into v_attempts;
  if p_task <> 'access' and v_attempts > pg_catalog.cardinality(v_delays) then
    delete from private.account_tasks
    where user_id = p_user_id and task = p_task and generation = p_generation;
    perform private.audit_append('user:' || p_user_id, 'system', 'worker',
      case p_task when 'invitation' then 'user.invitation_failed' else 'user.password_reset_failed' end, 'user',
      p_user_id::text);
    return false;
  end if;
  return true;
end
$$;
comment on function private.fail_account_task(uuid, text, integer, text) is
  'Plans another try. Why definer: the queue is granted to nobody.';
grant execute on function private.fail_account_task(uuid, text, integer, text) to service_role;
