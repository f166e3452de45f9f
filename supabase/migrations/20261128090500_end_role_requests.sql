/*
 * The end of requests for roles that nobody has confirmed.
 *
 * Touches: private.end_role_request, private.job_lapse_role_requests.
 * Not granted: to any API role.
 */

/* Ends the request about a person, if there is one, and says so in the audit. p_outcome: replaced or lapsed. */
create function private.end_role_request(p_user_id uuid, p_outcome text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_ended private.role_change_requests;
begin
  delete from private.role_change_requests where user_id = p_user_id returning * into v_ended;
  if found then
    perform private.audit_append('user:' || p_user_id, 'system', 'four_eyes', 'user.roles_request_' || p_outcome, 'user',
      p_user_id::text, null, pg_catalog.jsonb_build_object(
        'approval_id', v_ended.approval_id, 'roles', v_ended.roles, 'requested_by', v_ended.requested_by));
  end if;
end
$$;
comment on function private.end_role_request(uuid, text) is
  'Ends a request. Why definer: requests are granted to nobody.';

/* Ends requests that nobody has confirmed in time. A confirmation after the end is refused without this too. */
create function private.job_lapse_role_requests(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_user_id uuid;
  v_lapsed integer := 0;
begin
  for v_user_id in
    select user_id from private.role_change_requests where expires_at <= private.now()
    order by expires_at limit p_limit for update skip locked
  loop
    perform private.end_role_request(v_user_id, 'lapsed');
    v_lapsed := v_lapsed + 1;
  end loop;
  return v_lapsed;
end
$$;
comment on function private.job_lapse_role_requests(integer) is
  'Requests that lapsed. Why definer: requests and the audit are granted to nobody.';

insert into private.schedules (job, every, routine) values ('lapse_role_requests', '1 minute', 'job_lapse_role_requests');
