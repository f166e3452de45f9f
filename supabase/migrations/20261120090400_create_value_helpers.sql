/*
 * Small functions that tables and other functions build on: identifiers, text checks, time format,
 * row versions.
 *
 * Touches: functions in `private` only.
 * Not granted: to `anon`.
 */

/* A time-ordered identifier: UUID version 7 (RFC 9562, 5.7). */
create function private.uuid_v7()
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  v_microseconds constant bigint := extract(epoch from pg_catalog.clock_timestamp()) * 1000000;
begin
  -- 48 bits of milliseconds, the version, 12 bits of what is left of the time (RFC 9562, 6.2, method 3), so that ids of
  -- one millisecond keep their order; then the variant and 62 random bits of a version 4 value.
  return (
    pg_catalog.lpad(pg_catalog.to_hex(v_microseconds / 1000), 12, '0')
    || '7'
    || pg_catalog.lpad(pg_catalog.to_hex(v_microseconds % 1000 * 4096 / 1000), 3, '0')
    || pg_catalog.substr(pg_catalog.replace(pg_catalog.gen_random_uuid()::text, '-', ''), 17)
  )::uuid;
end
$$;
comment on function private.uuid_v7() is 'Makes a UUID of version 7.';
grant execute on function private.uuid_v7() to nff_engine;

/* A text as UUID, null if it is none. */
create function private.uuid_or_null(p_value text)
returns uuid
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return case
    when p_value ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$' then p_value::uuid
  end;
end
$$;
comment on function private.uuid_or_null(text) is 'Casts without failing on texts that come from outside.';

/* A moment as the contract writes it: UTC with milliseconds and Z. */
create function private.iso(p_at timestamptz)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
end
$$;
comment on function private.iso(timestamptz) is 'Formats a moment as in the contract.';
grant execute on function private.iso(timestamptz) to authenticated;

/*
 * Whether a text is trimmed, not empty, at most p_max characters long and free of control characters
 * and bidirectional overrides. Null stays null, so that it suits check constraints.
 */
create function private.is_plain_text(p_value text, p_max integer)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return p_value = pg_catalog.btrim(p_value)
    and pg_catalog.char_length(p_value) between 1 and p_max
    and p_value !~ '[\u0001-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]';
end
$$;
comment on function private.is_plain_text(text, integer) is 'Whether a text may stand in a name or an address.';
-- The check constraints of a table run with the rights of who writes to it.
grant execute on function private.is_plain_text(text, integer) to authenticated;

/* Counts a change of the row and dates it, so that neither can be set by the writer. */
create function private.tg__touch()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  new.version := old.version + 1;
  new.updated_at := private.now();
  return new;
end
$$;
comment on function private.tg__touch() is 'Row trigger: next version, time of the change.';

/* Refuses to change rows that are written once. */
create function private.tg__append_only()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  raise exception 'Rows of %.% are written once.', tg_table_schema, tg_table_name using errcode = 'NF010';
end
$$;
comment on function private.tg__append_only() is 'Statement trigger: no update, no delete, no truncate.';
