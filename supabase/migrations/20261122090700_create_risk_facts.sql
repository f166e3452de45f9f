/*
 * What the risk rules look at.
 *
 * Touches: private.risk_signals, private.kyc_attempts, private.risk_facts.
 * Not granted: the table to anybody.
 */

alter table private.kyc_attempts
  add column provider_risk_score smallint check (provider_risk_score between 0 and 100);
comment on column private.kyc_attempts.provider_risk_score is 'The provider''s own score, 0 to 100; one of the facts that our rules look at.';

update private.personal_data set withheld = withheld || 'provider_risk_score'::text
where relation = 'private.kyc_attempts';

create table private.risk_signals (
  verification_id uuid not null,
  attempt smallint not null,
  user_id uuid not null references public.profiles (user_id) on delete restrict,
  person_key bytea not null,
  device_key bytea,
  submitted_at timestamptz not null,
  primary key (verification_id, attempt),
  foreign key (verification_id, attempt) references private.kyc_attempts (verification_id, attempt) on delete restrict
);
alter table private.risk_signals enable row level security;
create index risk_signals_user_id_idx on private.risk_signals (user_id, submitted_at);
create index risk_signals_person_key_idx on private.risk_signals (person_key, submitted_at);
create index risk_signals_device_key_idx on private.risk_signals (device_key, submitted_at) where device_key is not null;
comment on table private.risk_signals is 'What connects submissions of different accounts, as hashes.';
comment on column private.risk_signals.person_key is 'Hash of the normalised first and last name and the birth date.';
comment on column private.risk_signals.device_key is 'Hash of what the front end calls the device; null where it says nothing. Anybody can make one up, so it proves nothing.';

insert into private.personal_data (
  relation, rows_of, section, shown, withheld, withheld_because, erase_now, erase_later, kept_because)
values
  ('private.risk_signals', 't.user_id = $1', null, '{}', '{}',
    'What was found when your identity was checked may not be disclosed: the law against money laundering forbids tipping off.',
    null, 'delete', null);

/* Keeps what connects a submission with others; part of kyc_submit. */
create function private.risk_note_submission(p_attempt private.kyc_attempts, p_user_id uuid, p_device_id text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  insert into private.risk_signals (verification_id, attempt, user_id, person_key, device_key, submitted_at)
  values (
    p_attempt.verification_id, p_attempt.attempt, p_user_id,
    pg_catalog.sha256(pg_catalog.convert_to(
      private.normalise_name(pg_catalog.concat_ws(' ', p_attempt.applicant ->> 'first_name', p_attempt.applicant ->> 'last_name'))
        || '|' || (p_attempt.applicant ->> 'date_of_birth'), 'UTF8')),
    case when p_device_id <> '' then pg_catalog.sha256(pg_catalog.convert_to(p_device_id, 'UTF8')) end,
    p_attempt.submitted_at);
end
$$;
comment on function private.risk_note_submission(private.kyc_attempts, uuid, text) is
  'Keeps the signals of a submission. Why definer: the signals are granted to nobody.';

/*
 * The ages in seconds of the newest submissions that share a key with one, that one included; at most 100,
 * counted back from it. What the velocity rules count.
 */
create function private.risk_submission_ages(p_signal private.risk_signals)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select pg_catalog.jsonb_object_agg(shared.by, (
      select coalesce(pg_catalog.jsonb_agg(extract(epoch from p_signal.submitted_at - same.submitted_at)), '[]')
      from (
        select signal.submitted_at
        from private.risk_signals as signal
        where signal.submitted_at <= p_signal.submitted_at
          and case shared.by
            when 'account' then signal.user_id = p_signal.user_id
            when 'person' then signal.person_key = p_signal.person_key
            else signal.device_key = p_signal.device_key
          end
        order by signal.submitted_at desc limit 100
      ) as same))
    from unnest(array['account', 'person', 'device']) as shared (by)
  );
end
$$;
comment on function private.risk_submission_ages(private.risk_signals) is
  'Submissions that belong together. Why definer: the signals are granted to nobody.';

/*
 * Everything the rules look at, for one attempt: {countries: {residence, nationality, document: [..]}, age,
 * hits: [..] (private.kyc_screen), others: {document, person: how many other accounts}, submissions:
 * {account, person, device: [seconds ago]}, provider_score}. What is not known is null or empty.
 */
create function private.risk_facts(p_attempt private.kyc_attempts, p_hits jsonb)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_signal private.risk_signals;
  v_born constant text := p_attempt.applicant ->> 'date_of_birth';
begin
  select * into v_signal from private.risk_signals
  where verification_id = p_attempt.verification_id and attempt = p_attempt.attempt;
  return pg_catalog.jsonb_build_object(
    'countries', pg_catalog.jsonb_build_object(
      'residence', pg_catalog.jsonb_build_array(p_attempt.applicant #> '{address,country}'),
      'nationality', pg_catalog.jsonb_build_array(p_attempt.applicant -> 'nationality', p_attempt.extracted -> 'nationality'),
      'document', pg_catalog.jsonb_build_array(p_attempt.extracted -> 'issuing_country')),
    'age', extract(year from pg_catalog.age((private.now() at time zone 'UTC')::date, v_born::date)),
    'hits', p_hits,
    'others', pg_catalog.jsonb_build_object(
      'document', (
        select count(distinct shown.user_id)
        from public.kyc_documents as own
        join public.kyc_documents as shown on shown.sha256 = own.sha256 and shown.user_id <> own.user_id
        where own.verification_id = p_attempt.verification_id and own.status <> 'pending' and shown.status <> 'pending'),
      'person', (
        select count(distinct same.user_id) from private.risk_signals as same
        where same.person_key = v_signal.person_key and same.user_id <> v_signal.user_id)),
    'submissions', private.risk_submission_ages(v_signal),
    'provider_score', p_attempt.provider_risk_score);
end
$$;
comment on function private.risk_facts(private.kyc_attempts, jsonb) is
  'Facts for the rules. Why definer: signals and documents of others are granted to nobody.';
