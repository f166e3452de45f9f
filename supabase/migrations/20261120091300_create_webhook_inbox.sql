/*
 * Every verified event of a provider, exactly as it came, with what we made of it.
 *
 * Touches: private.webhook_inbox.
 * Not granted: the table to anybody; private.kyc_ingest_event is the only writer.
 */

create table private.webhook_inbox (
  event_row_id uuid primary key default private.uuid_v7(),
  provider text not null,
  event_id text not null check (pg_catalog.char_length(event_id) between 1 and 255),
  event_type text not null,
  provider_reference text,
  verification_id uuid,
  attempt smallint,
  sequence bigint,
  occurred_at timestamptz not null,
  event jsonb not null,
  body text,
  body_sha256 bytea not null,
  result text not null check (result in ('applied', 'stale', 'parked', 'conflict', 'ignored', 'dead')),
  detail text,
  delivery_count integer not null default 1,
  mismatch_count integer not null default 0,
  tries smallint not null default 1,
  next_try_at timestamptz,
  received_at timestamptz not null default private.now(),
  processed_at timestamptz,
  unique (provider, event_id)
);
alter table private.webhook_inbox enable row level security;
create index webhook_inbox_parked_idx on private.webhook_inbox (next_try_at) where result = 'parked';
create index webhook_inbox_parked_reference_idx
  on private.webhook_inbox (provider, provider_reference) where result = 'parked';
create index webhook_inbox_verification_id_idx on private.webhook_inbox (verification_id, event_row_id);
create index webhook_inbox_body_idx on private.webhook_inbox (received_at) where body is not null;
create index webhook_inbox_faults_idx on private.webhook_inbox (result, received_at)
  where result in ('conflict', 'dead');
comment on table private.webhook_inbox is 'One row per provider and event id, however often it is delivered.';
comment on column private.webhook_inbox.verification_id is
  'The verification that the event was matched with. No foreign key: an event is kept whatever becomes of the record.';
comment on column private.webhook_inbox.event is 'The event in our own words, as the adapter of the provider gave it.';
comment on column private.webhook_inbox.body is 'The signed text, byte for byte; emptied after the retention time, its hash stays.';
comment on column private.webhook_inbox.result is
  'applied: done, or nothing to do. stale: overtaken. parked: its reference is not known yet. conflict: refused by the rules. ignored: a type without effect. dead: parked too long.';
comment on column private.webhook_inbox.mismatch_count is 'Deliveries with this id and other bytes: an alert.';
