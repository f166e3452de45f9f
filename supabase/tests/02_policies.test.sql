-- Two people and an anonymous caller: each sees the own rows and writes only what is granted.
begin;
create extension if not exists pgtap with schema extensions;
select plan(14);

insert into auth.users (id, email) values
  ('a0000000-0000-4000-8000-000000000001', 'anna@pgtap.example.com'),
  ('b0000000-0000-4000-8000-000000000002', 'bert@pgtap.example.com');

set local role authenticated;
set local request.jwt.claims = '{"sub": "a0000000-0000-4000-8000-000000000001", "role": "authenticated"}';

select results_eq(
  'select user_id from public.profiles', $$ values ('a0000000-0000-4000-8000-000000000001'::uuid) $$,
  'a person sees the own profile only');
select lives_ok(
  $$ update public.profiles set first_name = 'Anna' $$, 'a person can change the own name');
select is_empty(
  $$ update public.profiles set first_name = 'X' where user_id = 'b0000000-0000-4000-8000-000000000002' returning user_id $$,
  'a person cannot change somebody else''s name');
select throws_ok(
  $$ update public.profiles set suspended_at = null $$, '42501', null, 'a person cannot lift a suspension');
select throws_ok(
  $$ insert into public.kyc_verifications (user_id, status, max_attempts) values ('a0000000-0000-4000-8000-000000000001', 'approved', 3) $$,
  '42501', null, 'a person cannot insert an approval');
select lives_ok('select private.kyc_create_verification()', 'a person can start a verification');
select throws_ok(
  $$ update public.kyc_verifications set status = 'approved' $$, '42501', null, 'a person cannot approve it');
select throws_ok('select private.kyc_create_verification()', 'NF031', null, 'a person cannot start a second one');
select throws_ok('select * from private.audit_log', '42501', null, 'a person cannot read the audit');

set local request.jwt.claims = '{"sub": "b0000000-0000-4000-8000-000000000002", "role": "authenticated"}';
select is_empty('select * from public.kyc_verifications', 'a person sees no verification of somebody else');

set local role anon;
set local request.jwt.claims = '{"role": "anon"}';
select throws_ok('select * from public.profiles', '42501', null, 'anonymous callers read no profile');
select throws_ok('select private.get_me()', '42501', null, 'anonymous callers call no function for people');

set local role service_role;
set local request.jwt.claims = '{"role": "service_role"}';
select throws_ok(
  $$ update public.kyc_verifications set status = 'approved' $$, '42501', null, 'a backend cannot write status');
select throws_ok(
  $$ select private.kyc_transition(gen_random_uuid(), 'approved', 'provider', 'x') $$, '42501', null,
  'a backend cannot call the transition function');

reset role;
select * from finish();
rollback;
