/*
 * Anchors of the audit: the ends of its chains, signed and stored outside of this database, so that whoever has
 * every right in here still cannot cut or rewrite a chain unseen.
 *
 * Touches: private.settings (one column), private.audit_anchors, private.audit_anchored_heads, storage.buckets (one
 * row), triggers on storage.objects and storage.buckets, private.audit_anchor_* functions.
 * Not granted: the tables to anybody; the functions only to service_role, which the worker acts as.
 */

alter table private.settings
  add column audit_anchor_every interval not null default '15 minutes' check (audit_anchor_every >= '0 seconds');
comment on column private.settings.audit_anchor_every is 'How long the audit may grow without an anchor.';

create table private.audit_anchors (
  number bigint primary key check (number > 0),
  made_at timestamptz not null,
  is_complete boolean not null,
  document text,
  sha256 bytea not null,
  stored_at timestamptz,
  check ((document is null) = (stored_at is not null))
);
alter table private.audit_anchors enable row level security;
create index audit_anchors_unstored_idx on private.audit_anchors (number) where stored_at is null;
comment on table private.audit_anchors is
  'Which anchors were made. Work of the worker and no proof: the proof is what was stored outside.';
comment on column private.audit_anchors.is_complete is 'False while more ends have changed than one anchor holds.';
comment on column private.audit_anchors.document is 'The signed anchor, until it is stored.';
comment on column private.audit_anchors.sha256 is 'Of the signed anchor; the next one names it.';

create table private.audit_anchored_heads (
  stream text primary key,
  sequence bigint not null
);
alter table private.audit_anchored_heads enable row level security;
comment on table private.audit_anchored_heads is
  'What the anchors say of each chain, to find what has changed since. Compared and not timed: no commit comes too late for it.';

insert into private.personal_data (
  relation, rows_of, section, shown, withheld, withheld_because, erase_now, erase_later, kept_because)
values
  ('private.audit_anchored_heads', $$t.stream = 'user:' || $1$$, null, '{}',
    '{}', 'Ids of other people, internal reasons and checksums of the audit are not yours to have.', null, null,
    'The length of a chain.');

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('audit-anchors', 'audit-anchors', false, 5242880, array['application/jose'])
on conflict (id) do update
set public = excluded.public,
    file_size_limit = excluded.file_size_limit,
    allowed_mime_types = excluded.allowed_mime_types;

/*
 * Keeps what is in the bucket. No policy can: the secret key bypasses policies. Storage writes the row before the
 * bytes, so a refused row keeps the bytes too.
 */
create function private.tg_objects__keep_anchors()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  raise exception 'Anchors of the audit are never changed or removed.' using errcode = '42501';
end
$$;
comment on function private.tg_objects__keep_anchors() is 'Refuses to change or remove anchors.';
create trigger keep_audit_anchors
  before update or delete on storage.objects
  for each row when (old.bucket_id = 'audit-anchors')
  execute function private.tg_objects__keep_anchors();

/*
 * Lets nothing into the bucket but anchors that were made, under their number: another file with the number of the
 * next one would stop the worker. Says nothing about what is there already, which the trigger above keeps.
 */
create function private.tg_objects__guard_anchors()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if not exists (
    select from private.audit_anchors as anchor
    where anchor.number = case when new.name ~ '^[0-9]{12}\.jws$' then pg_catalog.left(new.name, 12)::bigint end
  ) then
    raise exception 'Only anchors of the audit are stored here.' using errcode = '42501';
  end if;
  return new;
end
$$;
comment on function private.tg_objects__guard_anchors() is
  'Refuses what is no anchor. Why definer: anchors are granted to nobody.';
create trigger guard_audit_anchors
  before insert or update on storage.objects
  for each row when (new.bucket_id = 'audit-anchors')
  execute function private.tg_objects__guard_anchors();

/* Keeps the rules of the bucket: private, its types and sizes. To set it up again as it is changes nothing and may be. */
create function private.tg_buckets__keep_anchors()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if tg_op = 'DELETE' or pg_catalog.to_jsonb(new) - 'updated_at' <> pg_catalog.to_jsonb(old) - 'updated_at' then
    raise exception 'The bucket of the anchors is never changed or removed.' using errcode = '42501';
  end if;
  return new;
end
$$;
comment on function private.tg_buckets__keep_anchors() is 'Refuses to change or remove the bucket of the anchors.';
create trigger keep_audit_anchors
  before update or delete on storage.buckets
  for each row when (old.id = 'audit-anchors')
  execute function private.tg_buckets__keep_anchors();

/*
 * Begins the next anchor, when one is due and nobody else makes one. Everything stands in one snapshot. p_limit: how
 * many ends it may hold.
 * Returns what is to be signed: {version, number, previous: sha256 of the anchor before, at, heads: [[stream,
 * sequence, hash]] that changed since, complete, streams: how many chains there are, digest: sha256 over one sha256
 * of `stream sequence hash` per chain, by the bytes of their names; both null unless complete}; null when there is
 * nothing to do. The same transaction calls audit_anchor_sign.
 * May be called by: service_role. Raises nothing.
 */
create function private.audit_anchor_begin(p_limit integer)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := private.now();
  v_last private.audit_anchors;
  v_body jsonb;
begin
  if not pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended('audit_anchors', 20261128)) then
    return null;
  end if;
  select * into v_last from private.audit_anchors order by number desc limit 1;
  if v_last.is_complete and v_last.made_at <= v_now
    and v_last.made_at + (select audit_anchor_every from private.settings) > v_now then
    return null;
  end if;
  with changed as (
    select head.stream, head.sequence, head.hash
    from private.audit_heads as head
    left join private.audit_anchored_heads as known on known.stream = head.stream
    where known.sequence is distinct from head.sequence
    limit p_limit + 1
  ),
  taken as (
    select * from changed limit p_limit
  ),
  -- The same snapshot as above: a chain that grows meanwhile is in the next anchor.
  noted as (
    insert into private.audit_anchored_heads as known (stream, sequence)
    select taken.stream, taken.sequence from taken
    on conflict (stream) do update set sequence = excluded.sequence
  )
  select pg_catalog.jsonb_build_object(
    'version', 1, 'number', coalesce(v_last.number, 0) + 1,
    'previous', pg_catalog.encode(v_last.sha256, 'hex'), 'at', private.iso(v_now),
    'heads', pg_catalog.jsonb_agg(
      pg_catalog.jsonb_build_array(taken.stream, taken.sequence, pg_catalog.encode(taken.hash, 'hex'))
      order by taken.stream collate "C"))
    || case when (select count(*) from changed) > p_limit
      then '{"complete": false, "streams": null, "digest": null}'
      else pg_catalog.jsonb_build_object('complete', true,
        'streams', (select count(*) from private.audit_heads), 'digest', (
          select pg_catalog.encode(pg_catalog.sha256(pg_catalog.string_agg(
            pg_catalog.sha256(pg_catalog.convert_to(
              head.stream || ' ' || head.sequence || ' ' || pg_catalog.encode(head.hash, 'hex'), 'UTF8')),
            '' order by head.stream collate "C")), 'hex')
          from private.audit_heads as head))
      end
  into v_body
  from taken
  having count(*) > 0;
  return v_body;
end
$$;
comment on function private.audit_anchor_begin(integer) is
  'Collects the next anchor. Why definer: the heads are granted to nobody.';
grant execute on function private.audit_anchor_begin(integer) to service_role;

/* Keeps the signed anchor until it is stored. May be called by: service_role, after audit_anchor_begin. */
create function private.audit_anchor_sign(p_number bigint, p_is_complete boolean, p_document text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  insert into private.audit_anchors (number, made_at, is_complete, document, sha256)
  values (p_number, private.now(), p_is_complete, p_document,
    pg_catalog.sha256(pg_catalog.convert_to(p_document, 'UTF8')));
end
$$;
comment on function private.audit_anchor_sign(bigint, boolean, text) is
  'Keeps an anchor. Why definer: anchors are granted to nobody.';
grant execute on function private.audit_anchor_sign(bigint, boolean, text) to service_role;

/* The oldest anchor that is not stored yet. May be called by: service_role. */
create function private.audit_anchor_pending()
returns table (number bigint, document text)
language sql
stable
security definer
set search_path = ''
as $$
  select anchor.number, anchor.document from private.audit_anchors as anchor
  where anchor.stored_at is null order by anchor.number limit 1
$$;
comment on function private.audit_anchor_pending() is 'Next anchor to store. Why definer: anchors are granted to nobody.';
grant execute on function private.audit_anchor_pending() to service_role;

/* Notes that an anchor is stored outside. May be called by: service_role. */
create function private.audit_anchor_stored(p_number bigint)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  update private.audit_anchors set stored_at = private.now(), document = null
  where number = p_number and stored_at is null;
end
$$;
comment on function private.audit_anchor_stored(bigint) is
  'Ends the work on an anchor. Why definer: anchors are granted to nobody.';
grant execute on function private.audit_anchor_stored(bigint) to service_role;
