/*
 * Demo accounts for development: one user and one of each staff role. Synthetic, idempotent, never on a
 * hosted project (see [db.seed] in config.toml). The password of all of them is: Demo-Passw0rd-2026!
 */

create temporary table demo_accounts as
select *
from (values
  ('00000000-0000-4000-8000-000000000001'::uuid, 'user@demo.example.com', 'Ulla', 'User', null),
  ('00000000-0000-4000-8000-000000000002'::uuid, 'support@demo.example.com', 'Sami', 'Support', 'support'),
  ('00000000-0000-4000-8000-000000000003'::uuid, 'reviewer@demo.example.com', 'Rosa', 'Reviewer', 'reviewer'),
  ('00000000-0000-4000-8000-000000000004'::uuid, 'approver@demo.example.com', 'Amir', 'Approver', 'approver'),
  ('00000000-0000-4000-8000-000000000005'::uuid, 'compliance@demo.example.com', 'Clara', 'Compliance', 'compliance_admin'),
  ('00000000-0000-4000-8000-000000000006'::uuid, 'auditor@demo.example.com', 'Otto', 'Auditor', 'auditor'),
  ('00000000-0000-4000-8000-000000000007'::uuid, 'admin@demo.example.com', 'Ada', 'Admin', 'admin')
) as account (user_id, email, first_name, last_name, role);

-- Auth reads empty strings where it has no token; a null would break the sign-in.
insert into auth.users (
  instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data,
  raw_user_meta_data, created_at, updated_at, confirmation_token, recovery_token, email_change,
  email_change_token_new)
select
  '00000000-0000-0000-0000-000000000000', user_id, 'authenticated', 'authenticated', email,
  extensions.crypt('Demo-Passw0rd-2026!', extensions.gen_salt('bf', 10)), now(),
  '{"provider": "email", "providers": ["email"]}',
  jsonb_build_object('first_name', first_name, 'last_name', last_name), now(), now(), '', '', '', ''
from demo_accounts
on conflict (id) do nothing;

insert into auth.identities (provider_id, user_id, provider, identity_data, last_sign_in_at, created_at, updated_at)
select
  user_id::text, user_id, 'email',
  jsonb_build_object('sub', user_id, 'email', email, 'email_verified', true, 'phone_verified', false),
  now(), now(), now()
from demo_accounts
on conflict (provider_id, provider) do nothing;

insert into private.user_roles (user_id, role)
select user_id, role::public.staff_role from demo_accounts where role is not null
on conflict do nothing;

drop table demo_accounts;

-- Local stacks are tried out with a password alone; see REQUIRE_STAFF_MFA.
update private.settings set staff_mfa_required = false;
