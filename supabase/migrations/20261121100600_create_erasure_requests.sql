/*
 * Requests to be erased (GDPR, article 17) and legal holds that stop them. What the law wants kept stays
 * until settings.record_retention after the end of the relationship, which a request ends.
 *
 * Touches: private.legal_holds, private.erasure_requests, private.is_held, private.erasure_json.
 * Not granted: the tables to anybody.
 */

create table private.legal_holds (
  hold_id uuid primary key default private.uuid_v7(),
  user_id uuid not null references public.profiles (user_id) on delete restrict,
  reason_code text not null check (reason_code in ('authority_request', 'dispute', 'investigation', 'litigation')),
  placed_by uuid not null references public.profiles (user_id) on delete restrict,
  placed_at timestamptz not null default private.now(),
  released_by uuid references public.profiles (user_id) on delete restrict,
  released_at timestamptz,
  check ((released_by is null) = (released_at is null))
);
alter table private.legal_holds enable row level security;
create unique index legal_holds_active_key on private.legal_holds (user_id, reason_code) where released_at is null;
create index legal_holds_user_id_idx on private.legal_holds (user_id, hold_id);
create index legal_holds_placed_by_idx on private.legal_holds (placed_by);
create index legal_holds_released_by_idx on private.legal_holds (released_by) where released_by is not null;
comment on table private.legal_holds is
  'Orders not to erase anything of a person. Several may hold at once; each has its reason. Kept after their release.';

/* Whether nothing of a person may be erased now. */
create function private.is_held(p_user_id uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return exists (select from private.legal_holds where user_id = p_user_id and released_at is null);
end
$$;
comment on function private.is_held(uuid) is 'Legal hold. Why definer: holds are granted to nobody.';

create table private.erasure_requests (
  erasure_request_id uuid primary key default private.uuid_v7(),
  user_id uuid not null unique references public.profiles (user_id) on delete restrict,
  status text not null default 'accepted' check (status in ('accepted', 'scheduled', 'legal_hold', 'completed')),
  requested_at timestamptz not null default private.now(),
  erased_now text[] not null default '{}',
  erasable_after timestamptz,
  next_run_at timestamptz default private.now(),
  erased_now_at timestamptz,
  account_erased_at timestamptz,
  provider_erased_at timestamptz,
  erased_later_at timestamptz,
  completed_at timestamptz,
  last_error text,
  version integer not null default 1,
  updated_at timestamptz not null default private.now(),
  check ((status = 'completed') = (completed_at is not null)),
  check ((status = 'completed') = (next_run_at is null))
);
alter table private.erasure_requests enable row level security;
create index erasure_requests_due_idx on private.erasure_requests (next_run_at) where next_run_at is not null;
create index erasure_requests_requested_at_idx on private.erasure_requests (requested_at, erasure_request_id);
create index erasure_requests_status_idx on private.erasure_requests (status, requested_at, erasure_request_id);
comment on table private.erasure_requests is 'One request per person; the row stays as proof of what was done when.';
comment on column private.erasure_requests.status is
  'accepted: everything is being erased. scheduled: the rest waits for erasable_after. legal_hold: nothing goes. completed: nothing is left.';
comment on column private.erasure_requests.erased_now is 'Kinds of data that went, or go, at once.';
comment on column private.erasure_requests.erasable_after is 'When what has to be kept may go; null when nothing has to be kept.';
comment on column private.erasure_requests.next_run_at is 'When there is something to look at again.';
comment on column private.erasure_requests.erased_now_at is 'When what may go at once was erased in our tables.';
comment on column private.erasure_requests.account_erased_at is 'When Auth had erased the account and its traces were swept up.';
comment on column private.erasure_requests.provider_erased_at is 'When the provider had confirmed the deletion of all its copies.';
comment on column private.erasure_requests.erased_later_at is 'When what had to be kept was erased.';
comment on column private.erasure_requests.last_error is 'SQLSTATE of the last run, if it failed.';

create trigger _100_no_delete
  before delete or truncate on private.erasure_requests
  for each statement execute function private.tg__append_only();
create trigger _500_touch
  before update on private.erasure_requests
  for each row execute function private.tg__touch();

/* The state machine: what is not listed is refused, so a request that is completed stays completed. */
create function private.tg_erasure_requests__guard_status()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if (old.status, new.status) not in (
    ('accepted', 'scheduled'), ('accepted', 'legal_hold'), ('accepted', 'completed'),
    ('scheduled', 'accepted'), ('scheduled', 'legal_hold'), ('scheduled', 'completed'),
    ('legal_hold', 'accepted'), ('legal_hold', 'scheduled'), ('legal_hold', 'completed')
  ) then
    raise exception 'An erasure request that is % cannot become %.', old.status, new.status using errcode = 'NF010';
  end if;
  return new;
end
$$;
comment on function private.tg_erasure_requests__guard_status() is 'Refuses moves that make no sense.';
create trigger _200_guard_status
  before update of status on private.erasure_requests
  for each row when (old.status <> new.status)
  execute function private.tg_erasure_requests__guard_status();

/* A request as in the contract (schema ErasureRequest). */
create function private.erasure_json(p_request private.erasure_requests)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'erasure_request_id', p_request.erasure_request_id, 'status', p_request.status,
    'requested_at', private.iso(p_request.requested_at), 'erased_now', pg_catalog.to_jsonb(p_request.erased_now),
    'erasable_after', private.iso(p_request.erasable_after));
end
$$;
comment on function private.erasure_json(private.erasure_requests) is 'A request for its person.';

/* Notes a step of an erasure in the audit of its person. */
create function private.audit_erasure(
  p_request private.erasure_requests, p_actor_kind text, p_action text, p_details jsonb default '{}'
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  perform private.audit_append(
    'user:' || p_request.user_id, p_actor_kind,
    case p_actor_kind when 'user' then p_request.user_id::text else 'erasures' end,
    p_action, 'erasure_request', p_request.erasure_request_id::text, null, p_details);
end
$$;
comment on function private.audit_erasure(private.erasure_requests, text, text, jsonb) is
  'Audit of erasures. Why definer: called for people, who may not write the audit.';
