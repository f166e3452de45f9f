/*
 * A person's devices learn of a new KYC status at once: a broadcast on the private channel
 * `user:<user id>`, event `kyc.status`, with ids and status only.
 *
 * Touches: trigger on public.kyc_verifications; policy on realtime.messages. Where the database has no
 * Realtime neither does anything, and clients ask `GET /kyc/status` as before.
 * Not granted: to send. Only this trigger writes to these channels; there is no insert policy.
 * On hosted projects the schema `realtime` is the platform's: the migrating role may create policies on
 * realtime.messages and call realtime.send(), and nothing else. It must not alter the table, and row
 * level security is on already. "Allow public access" is to be off in the project's Realtime settings.
 */

create function private.tg_kyc_verifications__broadcast()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' and new.status = old.status then
    return null;
  end if;
  if pg_catalog.to_regprocedure('realtime.send(jsonb,text,text,boolean)') is null then
    return null;
  end if;
  -- Dynamic, so that the function can be created where there is no such schema.
  execute 'select realtime.send($1, $2, $3, true)' using
    pg_catalog.jsonb_build_object(
      'verification_id', new.verification_id,
      'status', new.status,
      -- Of the person, not of this verification: a renewal beside a valid approval takes nothing away.
      'user_status', private.kyc_projection_of(new.user_id, '[]') ->> 'status',
      'version', new.version),
    'kyc.status',
    'user:' || new.user_id;
  return null;
exception when others then
  -- A message is a courtesy; a verdict is not undone because nobody could be told of it.
  raise warning 'The new status was not broadcast: %', sqlerrm;
  return null;
end
$$;
comment on function private.tg_kyc_verifications__broadcast() is
  'Tells the person of a new status. Why definer: the writer of status has no right on realtime.messages.';
create trigger _900_broadcast
  after insert or update of status on public.kyc_verifications
  for each row execute function private.tg_kyc_verifications__broadcast();

-- Whoever may see a message of a topic may join its channel: Realtime asks when a person joins and
-- when a new token comes.
do $$
begin
  if pg_catalog.to_regclass('realtime.messages') is null then
    raise notice 'there is no Realtime here: status changes are not broadcast';
    return;
  end if;
  execute $policy$
    create policy nff_receive_own on realtime.messages for select to authenticated
      using (extension = 'broadcast' and topic = 'user:' || (select auth.uid())::text)
  $policy$;
exception when insufficient_privilege then
  raise warning 'The policy on realtime.messages could not be created (%): nobody can join a channel.', sqlerrm;
end
$$;
