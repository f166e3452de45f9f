/*
 * Who works on a case: one member of staff at a time holds it, until the hold is given back or runs out.
 *
 * Touches: private.settings (review_lease), private.kyc_require_holder, private.kyc_prolong_hold,
 * private.kyc_end_hold.
 * Not granted: to any API role; the functions of staff call them.
 */

alter table private.settings
  add column review_lease interval not null default '30 minutes' check (review_lease > '0 seconds');
comment on column private.settings.review_lease is
  'How long a hold on a case lasts; work on the case starts it anew.';

/*
 * Starts the hold of the signed-in person anew, if they have one. Longer holds stay as they are.
 * May be called by: the functions of this schema, before they write to the audit of the case: every function
 * takes the locks in the order verification, case, audit.
 */
create function private.kyc_prolong_hold(p_verification_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  update private.kyc_cases
  set lease_expires_at = greatest(lease_expires_at,
    private.now() + (select review_lease from private.settings))
  where verification_id = p_verification_id and assignee_id = auth.uid() and lease_expires_at > private.now();
end
$$;
comment on function private.kyc_prolong_hold(uuid) is
  'Work prolongs a hold. Why definer: cases and settings are granted to nobody.';

/*
 * Lets the signed-in person work on a case unless somebody else holds it. A case that nobody holds needs no
 * claim first: its row stays locked until the caller's transaction ends, so nobody can take it meanwhile.
 * May be called by: the functions of this schema, after they have locked the verification.
 * Raises NF037 (somebody else holds the case).
 */
create function private.kyc_require_holder(p_verification_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_case private.kyc_cases;
begin
  select * into v_case from private.kyc_cases where verification_id = p_verification_id for no key update;
  if v_case.lease_expires_at > private.now() and v_case.assignee_id is distinct from auth.uid() then
    raise exception 'Another reviewer holds this case.' using errcode = 'NF037';
  end if;
  perform private.kyc_prolong_hold(p_verification_id);
end
$$;
comment on function private.kyc_require_holder(uuid) is
  'Refuses whoever does not hold a held case. Why definer: cases are granted to nobody.';

/*
 * Gives a case back to the queue, whoever holds it. Returns whose hold has ended, null if it was nobody's.
 * May be called by: the functions of this schema, for example when a decision waits for a second person.
 */
create function private.kyc_end_hold(p_verification_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_holder uuid;
begin
  select assignee_id into v_holder from private.kyc_cases
  where verification_id = p_verification_id and lease_expires_at > private.now() for no key update;
  update private.kyc_cases set assignee_id = null, lease_expires_at = null
  where verification_id = p_verification_id and assignee_id is not null;
  return v_holder;
end
$$;
comment on function private.kyc_end_hold(uuid) is
  'Ends a hold. Why definer: cases are granted to nobody.';
