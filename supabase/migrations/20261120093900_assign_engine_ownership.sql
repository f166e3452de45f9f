/*
 * The wall: what only the engine may write belongs to a role that nobody can log in as or become, and
 * the two functions that write it run as that role. See the guards in 20261120090500 and 20261120091600.
 *
 * Touches: owners of tables and functions; membership in `nff_engine`.
 * Not granted: `set role nff_engine` to anybody. The migrating role keeps the inherited rights of an
 * owner, so that later migrations can alter these objects; a write to status as itself is still refused.
 */
grant create on schema public, private to nff_engine;

alter table public.kyc_verifications owner to nff_engine;
alter table public.kyc_documents owner to nff_engine;
alter table private.kyc_cases owner to nff_engine;
alter table private.kyc_attempts owner to nff_engine;
alter table private.outbox owner to nff_engine;
alter table private.audit_heads owner to nff_engine;
alter table private.audit_log owner to nff_engine;

alter function private.audit_append(text, text, text, text, text, text, text, jsonb) owner to nff_engine;
alter function private.kyc_transition(uuid, public.kyc_status, public.kyc_actor, text, text, integer, text, text)
  owner to nff_engine;

revoke create on schema public, private from nff_engine;

-- What these two functions read or call besides what the role owns.
grant select on private.settings to nff_engine;
create policy settings_select_engine on private.settings for select to nff_engine using (true);
grant execute on function
  private.audit_hash(bytea, uuid, text, bigint, timestamptz, text, text, text, text, text, text, text, text),
  private.kyc_is_open(public.kyc_status)
to nff_engine;

-- The functions that call the two run as the migrating role, which owns them.
do $$
begin
  execute 'grant execute on function private.audit_append(text, text, text, text, text, text, text, jsonb) to current_user';
  execute 'grant execute on function private.kyc_transition(uuid, public.kyc_status, public.kyc_actor, text, text, integer, text, text) to current_user';
  execute 'revoke set option for nff_engine from current_user';
end
$$;
