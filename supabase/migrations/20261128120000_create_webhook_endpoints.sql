/*
 * Customers hear of what happens: the catalogue of events, and the endpoints that subscribe to them.
 *
 * Touches: private.settings, private.webhook_event_types, private.webhook_endpoints, private.webhook_secrets.
 * Not granted: the tables to anybody.
 */
alter table private.settings
  add column webhook_max_endpoints smallint not null default 20 check (webhook_max_endpoints between 1 and 20),
  add column webhook_concurrency smallint not null default 4 check (webhook_concurrency between 1 and 4),
  add column webhook_lease interval not null default '60 seconds' check (webhook_lease >= '30 seconds'),
  add column webhook_retry_delays interval[] not null default array[
    '5 seconds', '5 minutes', '30 minutes', '2 hours', '5 hours', '10 hours', '14 hours', '20 hours', '24 hours'
  ]::interval[],
  add column webhook_retry_jitter double precision not null default 0.2 check (webhook_retry_jitter between 0 and 1),
  add column webhook_longest_wait interval not null default '24 hours',
  add column webhook_disable_after interval not null default '3 days',
  add column webhook_retention interval not null default '30 days';
comment on column private.settings.webhook_max_endpoints is
  'A worker has room for all of them at once, so none has to wait for another; see the task deliver-webhooks.';
comment on column private.settings.webhook_concurrency is 'Requests that one endpoint gets at a time; 1 while it fails.';
comment on column private.settings.webhook_retry_delays is 'Waits between the attempts; when they are used up the delivery has failed.';
comment on column private.settings.webhook_retry_jitter is 'Share by which a wait may be longer, never shorter.';
comment on column private.settings.webhook_longest_wait is 'As long as a receiver may have us wait by Retry-After.';
comment on column private.settings.webhook_disable_after is
  'An endpoint that has only failed for this long is disabled; less than all waits together, so that the last one decides.';
comment on column private.settings.webhook_retention is 'Messages and their deliveries go this long after they were made.';

create table private.webhook_event_types (
  type text primary key check (type ~ '^[a-z]+\.[a-z_]+$'),
  subscriptions text[] not null,
  about text not null check (about in ('user', 'verification', 'endpoint')),
  members text[] not null,
  description text not null,
  check (type = any (subscriptions))
);
alter table private.webhook_event_types enable row level security;
comment on table private.webhook_event_types is 'The catalogue of events: what the contract and the documentation list.';
comment on column private.webhook_event_types.subscriptions is 'What an endpoint may subscribe to in order to get it.';
comment on column private.webhook_event_types.about is 'What its subject_id and its sequence belong to.';
comment on column private.webhook_event_types.members is 'Members of `data`: ids, codes, numbers and times, nothing else.';

insert into private.webhook_event_types (type, subscriptions, about, members, description)
select 'user.' || name, array['user.*', 'user.' || name], 'user', array['sequence', 'user_id'], description
from (values
  ('created', 'An account with its profile has come into being.'),
  ('updated', 'Profile, address or e-mail address of a person have changed.'),
  ('suspended', 'Staff has suspended the account.'),
  ('reinstated', 'Staff has lifted the suspension.'),
  ('soft_deleted', 'The account is deleted and can come back.'),
  ('permanently_deleted', 'The account is deleted for good.'),
  ('reactivated', 'A deleted account is back.'),
  ('erased', 'Nothing of the person is left but ids.')
) as events (name, description);

insert into private.webhook_event_types (type, subscriptions, about, members, description)
select 'kyc.' || name, array['kyc.*', 'kyc.status_changed', 'kyc.' || name], 'verification',
  array['attempt', 'previous_status', 'reason_code', 'sequence', 'status', 'user_id', 'verification_id', 'version'],
  description
from (values
  ('draft', 'A person, staff or a renewal has started a verification.'),
  ('submitted', 'The verification has been submitted.'),
  ('processing', 'The provider works on it.'),
  ('in_review', 'People look at it.'),
  ('resubmission_required', 'New documents are needed.'),
  ('approved', 'The person is verified.'),
  ('rejected', 'The person is not verified.'),
  ('abandoned', 'The person has not gone on in time.'),
  ('cancelled', 'The person or staff has given it up.'),
  ('expired', 'The approval has ended.'),
  ('revoked', 'Staff has taken the approval back.')
) as events (name, description);

insert into private.webhook_event_types (type, subscriptions, about, members, description) values
  ('kyc.reminder', array['kyc.*', 'kyc.reminder'], 'verification',
    array['due_at', 'kind', 'sequence', 'user_id', 'verification_id'],
    'The person should be reminded: of a draft, of a request for documents, of the end of an approval.'),
  ('webhook.endpoint_disabled', array['webhook.*', 'webhook.endpoint_disabled'], 'endpoint',
    array['endpoint_id', 'failing_since', 'reason', 'sequence'],
    'Another endpoint has been disabled, because it failed for days or answered 410.');

create table private.webhook_endpoints (
  endpoint_id uuid primary key default private.uuid_v7(),
  url text not null check (url ~ '^https?://[^\s#]+$' and pg_catalog.char_length(url) <= 2048),
  description text check (private.is_plain_text(description, 100)),
  event_types text[] not null check (pg_catalog.cardinality(event_types) > 0),
  disabled_at timestamptz,
  disabled_reason text check (disabled_reason in ('by_staff', 'failing', 'gone')),
  failing_since timestamptz,
  last_delivered_at timestamptz,
  version integer not null default 1,
  created_by uuid not null references public.profiles (user_id) on delete restrict,
  created_at timestamptz not null default private.now(),
  updated_at timestamptz not null default private.now(),
  deleted_at timestamptz,
  check ((disabled_at is null) = (disabled_reason is null))
) with (fillfactor = 70);
alter table private.webhook_endpoints enable row level security;
create index webhook_endpoints_created_at_idx on private.webhook_endpoints (created_at, endpoint_id);
create index webhook_endpoints_created_by_idx on private.webhook_endpoints (created_by);
comment on table private.webhook_endpoints is 'Receivers of events. Rows stay, for the log of deliveries.';
comment on column private.webhook_endpoints.url is 'Checked before it is stored, and resolved and checked again before each request.';
comment on column private.webhook_endpoints.event_types is 'Subscriptions: types of events, or groups of them.';
comment on column private.webhook_endpoints.failing_since is 'First failure since the last success.';
comment on column private.webhook_endpoints.version is 'Counts what staff or the dispatcher decided; not the deliveries.';

create table private.webhook_secrets (
  secret_id uuid primary key default private.uuid_v7(),
  endpoint_id uuid not null references private.webhook_endpoints (endpoint_id) on delete cascade,
  secret text,
  vault_id uuid,
  created_at timestamptz not null default private.now(),
  expires_at timestamptz,
  check (pg_catalog.num_nonnulls(secret, vault_id) = 1)
);
alter table private.webhook_secrets enable row level security;
create index webhook_secrets_endpoint_id_idx on private.webhook_secrets (endpoint_id);
comment on table private.webhook_secrets is
  'Signing keys. A signer needs the key itself, so a hash will not do: where the platform has Vault it is encrypted there, elsewhere it lies here, where no API role can read.';
comment on column private.webhook_secrets.expires_at is 'End of the overlap; null for the present one.';

insert into private.personal_data (relation, rows_of, withheld_because, kept_because) values
  ('private.webhook_endpoints', 't.created_by = $1',
    'Receivers of events belong to the operator, whoever of its staff set them up.', 'Ids of staff, for accountability.'),
  ('private.webhook_secrets',
    't.endpoint_id in (select e.endpoint_id from private.webhook_endpoints as e where e.created_by = $1)',
    'Receivers of events belong to the operator, whoever of its staff set them up.', 'Keys, not data about people.');

/* Stores a secret, in Vault where there is one. */
create function private.webhook_put_secret(p_endpoint_id uuid, p_secret text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_secret_id constant uuid := private.uuid_v7();
  v_vault_id uuid;
begin
  if pg_catalog.to_regproc('vault.create_secret') is null or pg_catalog.to_regclass('vault.decrypted_secrets') is null then
    insert into private.webhook_secrets (secret_id, endpoint_id, secret) values (v_secret_id, p_endpoint_id, p_secret);
    return;
  end if;
  execute 'select vault.create_secret($1, $2)' into v_vault_id using p_secret, 'nff_webhook_' || v_secret_id;
  insert into private.webhook_secrets (secret_id, endpoint_id, vault_id) values (v_secret_id, p_endpoint_id, v_vault_id);
end
$$;
comment on function private.webhook_put_secret(uuid, text) is
  'Stores a secret. Why definer: secrets and Vault are granted to nobody.';

/* The secrets that sign at this moment, the present one first. */
create function private.webhook_secrets_of(p_endpoint_id uuid)
returns text[]
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_stored private.webhook_secrets;
  v_secret text;
  v_secrets text[] := '{}';
begin
  for v_stored in
    select * from private.webhook_secrets
    where endpoint_id = p_endpoint_id and (expires_at is null or expires_at > private.now())
    order by expires_at desc nulls first
  loop
    v_secret := v_stored.secret;
    if v_stored.vault_id is not null then
      execute 'select decrypted_secret from vault.decrypted_secrets where id = $1' into v_secret using v_stored.vault_id;
    end if;
    v_secrets := v_secrets || v_secret;
  end loop;
  return v_secrets;
end
$$;
comment on function private.webhook_secrets_of(uuid) is
  'Secrets of an endpoint. Why definer: secrets and Vault are granted to nobody.';

/* Removes secrets, in Vault too. Returns how many. */
create function private.webhook_drop_secrets(p_secret_ids uuid[])
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_vault_ids uuid[];
begin
  with gone as (
    delete from private.webhook_secrets where secret_id = any (p_secret_ids) returning vault_id
  )
  select pg_catalog.array_agg(vault_id) filter (where vault_id is not null) into v_vault_ids from gone;
  if v_vault_ids is not null then
    execute 'delete from vault.secrets where id = any ($1)' using v_vault_ids;
  end if;
  return pg_catalog.cardinality(p_secret_ids);
end
$$;
comment on function private.webhook_drop_secrets(uuid[]) is
  'Removes secrets. Why definer: secrets and Vault are granted to nobody.';
