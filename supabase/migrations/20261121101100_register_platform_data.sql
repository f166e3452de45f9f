/*
 * Where data of people lies in the platform's own schemas. Auth erases its tables when it is told to
 * (message auth.erase), but keeps a log of it and half-finished sign-ins, which go here.
 *
 * Touches: rows of private.personal_data.
 * Not granted: nothing new.
 */

insert into private.personal_data (
  relation, rows_of, section, shown, withheld, withheld_because, erase_now, erase_later, kept_because)
values
  ('auth.users', 't.id = $1', 'account',
    array['id', 'aud', 'role', 'email', 'email_confirmed_at', 'invited_at', 'confirmation_sent_at', 'recovery_sent_at',
      'email_change', 'email_change_sent_at', 'last_sign_in_at', 'raw_app_meta_data', 'raw_user_meta_data',
      'created_at', 'updated_at', 'phone', 'phone_confirmed_at', 'phone_change', 'phone_change_sent_at',
      'confirmed_at', 'banned_until', 'reauthentication_sent_at', 'is_sso_user', 'deleted_at', 'is_anonymous'],
    array['instance_id', 'encrypted_password', 'confirmation_token', 'recovery_token', 'email_change_token_new',
      'phone_change_token', 'email_change_token_current', 'email_change_confirm_status', 'reauthentication_token',
      'is_super_admin'],
    'Passwords and the like are secrets, and we keep only what they are checked with.', null, null,
    'Auth erases it.'),
  ('auth.identities', 't.user_id = $1', 'identities',
    array['id', 'user_id', 'provider', 'provider_id', 'identity_data', 'email', 'last_sign_in_at', 'created_at',
      'updated_at'],
    '{}', null, null, null, 'Auth erases it.'),
  ('auth.sessions', 't.user_id = $1', 'sessions',
    array['id', 'user_id', 'created_at', 'updated_at', 'factor_id', 'aal', 'not_after', 'refreshed_at', 'user_agent',
      'ip', 'tag', 'oauth_client_id', 'scopes'],
    array['refresh_token_hmac_key', 'refresh_token_counter'],
    'Passwords and the like are secrets, and we keep only what they are checked with.', 'delete', null, null),
  ('auth.mfa_amr_claims', 't.session_id in (select s.id from auth.sessions as s where s.user_id = $1)',
    'sign_in_methods', array['id', 'session_id', 'created_at', 'updated_at', 'authentication_method'],
    '{}', null, null, null, 'They go with the sessions.'),
  ('auth.refresh_tokens', 't.session_id in (select s.id from auth.sessions as s where s.user_id = $1)', null, '{}', '{}',
    'Passwords and the like are secrets, and we keep only what they are checked with.', null, null,
    'They go with the sessions.'),
  ('auth.mfa_factors', 't.user_id = $1', 'second_factors',
    array['id', 'user_id', 'friendly_name', 'factor_type', 'status', 'created_at', 'updated_at', 'phone',
      'last_challenged_at', 'web_authn_aaguid'],
    array['secret', 'web_authn_credential', 'last_webauthn_challenge_data'],
    'Passwords and the like are secrets, and we keep only what they are checked with.', null, null,
    'Auth erases it.'),
  ('auth.mfa_challenges', 't.factor_id in (select f.id from auth.mfa_factors as f where f.user_id = $1)',
    'second_factor_uses', array['id', 'factor_id', 'created_at', 'verified_at', 'ip_address'],
    array['otp_code', 'web_authn_session_data'],
    'Passwords and the like are secrets, and we keep only what they are checked with.', null, null,
    'They go with the factors.'),
  ('auth.one_time_tokens', 't.user_id = $1', null, '{}', '{}',
    'Passwords and the like are secrets, and we keep only what they are checked with.', 'delete', null, null),
  ('auth.flow_state', 't.user_id = $1', null, '{}', '{}',
    'Passwords and the like are secrets, and we keep only what they are checked with.', 'delete', null, null),
  ('auth.audit_log_entries',
    $$t.payload ->> 'actor_id' = $1::text or t.payload -> 'traits' ->> 'user_id' = $1::text$$, 'sign_in_log',
    array['id', 'payload', 'created_at', 'ip_address'], array['instance_id'],
    'Passwords and the like are secrets, and we keep only what they are checked with.', null, null,
    'It goes when Auth has written its last line about the person.'),
  ('storage.objects', $$t.bucket_id = 'kyc-documents' and t.name like $1::text || '/%'$$, 'files',
    array['id', 'bucket_id', 'name', 'owner', 'owner_id', 'metadata', 'user_metadata', 'created_at', 'updated_at',
      'last_accessed_at'],
    array['path_tokens', 'version', 'level'], 'Where a file lies inside our storage says nothing about you.', null,
    null, 'Storage removes it with the bytes.');

-- Auth's log has no index that helps, and erasing the account writes one more line.
update private.personal_data set sweep = rows_of where relation = 'auth.audit_log_entries';
