/*
 * The state machine as rows: the guard, the contract, the documentation and the tests read these.
 *
 * Touches: private.kyc_transitions, private.kyc_state_machine.
 * Not granted: the table to anybody; everybody may read it through the function.
 */

create table private.kyc_transitions (
  transition_id smallint primary key,
  from_status public.kyc_status,
  to_status public.kyc_status not null,
  actor public.kyc_actor not null,
  is_reason_required boolean not null default false,
  four_eyes text not null default 'never' check (four_eyes in ('never', 'high_risk', 'always')),
  description text not null,
  unique nulls not distinct (from_status, to_status, actor)
);
alter table private.kyc_transitions enable row level security;
create policy kyc_transitions_select_engine on private.kyc_transitions for select to nff_engine using (true);
grant select on private.kyc_transitions to nff_engine;
comment on table private.kyc_transitions is 'Allowed moves. What has no row is refused.';
comment on column private.kyc_transitions.from_status is 'Null for the start of a verification.';
comment on column private.kyc_transitions.four_eyes is 'Whether a second person has to agree: never, at risk high or critical, always.';

insert into private.kyc_transitions values
  (1, null, 'draft', 'user', false, 'never', 'The person starts a verification.'),
  (2, null, 'draft', 'staff', false, 'never', 'Staff invites the person.'),
  (3, null, 'draft', 'scheduler', false, 'never', 'A renewal is due.'),
  (10, 'draft', 'submitted', 'user', false, 'never', 'The person submits.'),
  (11, 'draft', 'cancelled', 'user', false, 'never', 'The person gives up.'),
  (12, 'draft', 'cancelled', 'staff', true, 'never', 'Staff cancels.'),
  (13, 'draft', 'abandoned', 'scheduler', false, 'never', 'Nothing happened for a week.'),
  (20, 'submitted', 'processing', 'provider', false, 'never', 'The provider has begun.'),
  (21, 'submitted', 'processing', 'system', false, 'never', 'The provider has taken the submission.'),
  (22, 'submitted', 'approved', 'provider', false, 'never', 'The verdict came before the answer to our request.'),
  (23, 'submitted', 'rejected', 'provider', true, 'never', 'The verdict came before the answer to our request.'),
  (24, 'submitted', 'resubmission_required', 'provider', true, 'never', 'The verdict came before the answer to our request.'),
  (25, 'submitted', 'in_review', 'provider', true, 'never', 'The provider reviews by hand.'),
  (26, 'submitted', 'in_review', 'system', true, 'never', 'The provider could not be reached or refused the request.'),
  (27, 'submitted', 'cancelled', 'staff', true, 'never', 'Staff cancels.'),
  (30, 'processing', 'approved', 'provider', false, 'never', 'Positive verdict.'),
  (31, 'processing', 'rejected', 'provider', true, 'never', 'Negative verdict, final.'),
  (32, 'processing', 'resubmission_required', 'provider', true, 'never', 'New documents are needed.'),
  (33, 'processing', 'in_review', 'provider', true, 'never', 'The provider reviews by hand.'),
  (34, 'processing', 'in_review', 'staff', false, 'never', 'Staff pulls the case.'),
  (35, 'processing', 'in_review', 'scheduler', true, 'never', 'No verdict for a day.'),
  (36, 'processing', 'cancelled', 'staff', true, 'never', 'Staff cancels.'),
  (40, 'in_review', 'approved', 'provider', false, 'never', 'Only where the provider owns the review.'),
  (41, 'in_review', 'rejected', 'provider', true, 'never', 'Only where the provider owns the review.'),
  (42, 'in_review', 'resubmission_required', 'provider', true, 'never', 'Only where the provider owns the review.'),
  (43, 'in_review', 'approved', 'staff', true, 'high_risk', 'Staff approves.'),
  (44, 'in_review', 'rejected', 'staff', true, 'high_risk', 'Staff rejects.'),
  (45, 'in_review', 'resubmission_required', 'staff', true, 'high_risk', 'Staff asks for new documents.'),
  (46, 'in_review', 'submitted', 'staff', false, 'never', 'Sent again; no attempt is consumed.'),
  (50, 'resubmission_required', 'submitted', 'user', false, 'never', 'The person submits again.'),
  (51, 'resubmission_required', 'rejected', 'staff', true, 'high_risk', 'Staff rejects.'),
  (52, 'resubmission_required', 'rejected', 'scheduler', true, 'never', 'No attempt is left.'),
  (53, 'resubmission_required', 'abandoned', 'scheduler', false, 'never', 'Nothing happened for two weeks.'),
  (54, 'resubmission_required', 'cancelled', 'user', false, 'never', 'The person gives up.'),
  (60, 'approved', 'expired', 'scheduler', false, 'never', 'The approval has ended.'),
  (61, 'approved', 'in_review', 'provider', true, 'never', 'A late negative verdict or a monitoring hit.'),
  (62, 'approved', 'in_review', 'staff', true, 'never', 'Staff doubts the approval.'),
  (63, 'approved', 'revoked', 'staff', true, 'always', 'Staff takes the approval back.'),
  (70, 'rejected', 'in_review', 'staff', true, 'always', 'Appeal.');

/* What the person sees of each state, before a still valid approval is taken into account. */
create function private.kyc_user_status(p_status public.kyc_status)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return case p_status
    when 'draft' then 'action_required'
    when 'resubmission_required' then 'action_required'
    when 'expired' then 'action_required'
    when 'submitted' then 'pending'
    when 'processing' then 'pending'
    when 'in_review' then 'pending'
    when 'approved' then 'approved'
    when 'rejected' then 'declined'
    when 'revoked' then 'declined'
    else 'not_started'
  end;
end
$$;
comment on function private.kyc_user_status(public.kyc_status) is 'Projection of a state for its owner.';

/*
 * The whole machine: {states: [{status, user_status, is_open, is_final}], transitions: [{from, to, actor,
 * reason_required, four_eyes}]}. `from` is null for the start; final states have no exit; four_eyes says
 * whether a second person is needed whatever the risk.
 * May be called by: everybody. Raises nothing.
 */
create function private.kyc_state_machine()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'states', (
      select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'status', state.status,
        'user_status', private.kyc_user_status(state.status),
        'is_open', private.kyc_is_open(state.status),
        'is_final', not exists (
          select from private.kyc_transitions as exits where exits.from_status = state.status)
      ) order by state.status)
      from unnest(enum_range(null::public.kyc_status)) as state (status)
    ),
    'transitions', (
      select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'from', rule.from_status, 'to', rule.to_status, 'actor', rule.actor,
        'reason_required', rule.is_reason_required, 'four_eyes', rule.four_eyes = 'always'
      ) order by rule.transition_id)
      from private.kyc_transitions as rule
    )
  );
end
$$;
comment on function private.kyc_state_machine() is
  'The state machine for readers. Why definer: the rules are granted to nobody, and anonymous readers may see them.';
grant execute on function private.kyc_state_machine() to anon, authenticated, service_role;

/* Whether a state counts towards the one open verification of a person. */
create function private.kyc_is_open(p_status public.kyc_status)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return p_status in ('draft', 'submitted', 'processing', 'in_review', 'resubmission_required');
end
$$;
comment on function private.kyc_is_open(public.kyc_status) is 'Whether a verification in this state is open.';
