/*
 * Risk rules as rows, in versions: a change is a new set, and every assessment names the set it used.
 *
 * Touches: private.risk_rule_sets, private.risk_rules, private.risk_rules_version.
 * Not granted: the tables to anybody; a deployment adds a set by migration or as the owner of the schema.
 */

create table private.risk_rule_sets (
  version integer primary key check (version > 0),
  active_from timestamptz not null,
  medium_from smallint not null check (medium_from > 0),
  high_from smallint not null check (high_from > medium_from),
  critical_from smallint not null check (critical_from > high_from),
  description text not null,
  created_at timestamptz not null default private.now()
);
alter table private.risk_rule_sets enable row level security;
comment on table private.risk_rule_sets is 'Versions of the rules. In force is the one that became active last.';
comment on column private.risk_rule_sets.medium_from is 'Points from which on the level is medium; so high_from and critical_from.';

/* Whether the parameters of a rule are those of its kind; see private.risk_rules. */
create function private.risk_parameters_fit(p_kind text, p_parameters jsonb)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  -- A path that leads nowhere gives null.
  return coalesce(case p_kind
    when 'country' then p_parameters - array['of', 'countries'] = '{}'
      and p_parameters @? 'strict $.of[0]' and p_parameters @? 'strict $.countries[0]'
      and not p_parameters @? '$.of[*] ? (!(@ like_regex "^(residence|nationality|document)$"))'
      and not p_parameters @? '$.countries[*] ? (!(@ like_regex "^[A-Z]{2}$"))'
    when 'age' then p_parameters - array['below', 'above'] = '{}' and p_parameters <> '{}'
      and not p_parameters @? '$.* ? (@.type() != "number")'
    when 'watch_list' then p_parameters - array['kinds', 'min_score'] = '{}'
      and p_parameters @? 'strict $.kinds[0]'
      and not p_parameters @? '$.kinds[*] ? (!(@ like_regex "^(sanctions|pep|adverse_media)$"))'
      and not p_parameters @? '$.min_score ? (@.type() != "number")'
    when 'duplicate' then p_parameters - array['by'] = '{}' and p_parameters @? '$.by ? (@ == "document" || @ == "person")'
    when 'velocity' then p_parameters - array['by', 'more_than', 'within'] = '{}'
      and p_parameters @? '$.by ? (@ == "account" || @ == "person" || @ == "device")'
      and p_parameters @? '$.more_than ? (@.type() == "number")'
      and coalesce(pg_catalog.pg_input_is_valid(p_parameters ->> 'within', 'interval'), false)
    when 'provider_score' then p_parameters - array['from', 'below'] = '{}'
      and p_parameters @? '$.from ? (@.type() == "number")' and not p_parameters @? '$.below ? (@.type() != "number")'
    else false
  end, false);
end
$$;
comment on function private.risk_parameters_fit(text, jsonb) is 'Checks the parameters of a rule.';

create table private.risk_rules (
  version integer not null references private.risk_rule_sets (version) on delete restrict,
  code text not null check (code ~ '^[a-z][a-z0-9_]{0,63}$'),
  kind text not null check (kind in ('country', 'age', 'watch_list', 'duplicate', 'velocity', 'provider_score')),
  parameters jsonb not null,
  weight smallint not null check (weight between 0 and 1000),
  least_level public.risk_level not null default 'low',
  requires_review boolean not null default false,
  reason_code text not null references private.kyc_reason_codes (code) on delete restrict,
  flag text check (flag ~ '^[a-z][a-z0-9_]{0,63}$'),
  primary key (version, code),
  check (private.risk_parameters_fit(kind, parameters))
);
alter table private.risk_rules enable row level security;
create index risk_rules_reason_code_idx on private.risk_rules (reason_code);
comment on table private.risk_rules is 'What adds to the risk of a verification.';
comment on column private.risk_rules.parameters is
  'country: of [residence, nationality, document], countries [ISO 3166-1 alpha-2]. age: below, above (years). watch_list: kinds, min_score. duplicate: by document (same file) or person (same name and birth date) of another account. velocity: by account, person or device, more_than submissions within an interval. provider_score: from (inclusive), below.';
comment on column private.risk_rules.weight is 'Points that a match adds.';
comment on column private.risk_rules.least_level is 'A match makes the level at least this one, whatever the points.';
comment on column private.risk_rules.requires_review is 'Whether a match keeps the provider from approving; critical risk always does.';
comment on column private.risk_rules.reason_code is 'Internal reason of a review that the rule causes.';
comment on column private.risk_rules.flag is 'What the queue shows of a match.';

/* A set that is in force, or was, is what assessments refer to: it stays as it is. */
create function private.tg_risk_rules__guard()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if tg_op = 'TRUNCATE' or exists (
    select from private.risk_rule_sets
    where version in (case when tg_op <> 'INSERT' then old.version end, case when tg_op <> 'DELETE' then new.version end)
      and active_from <= private.now()
  ) then
    raise exception 'A set of rules that has been in force is not changed; add a new version.' using errcode = 'NF010';
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end
$$;
comment on function private.tg_risk_rules__guard() is 'Keeps rules that have been in force.';

/* The set in force: {version, levels}. Raises nothing; one is always there. */
create function private.risk_rules_in_force()
returns private.risk_rule_sets
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_set private.risk_rule_sets;
begin
  select * into v_set from private.risk_rule_sets
  where active_from <= private.now() order by active_from desc, version desc limit 1;
  return v_set;
end
$$;
comment on function private.risk_rules_in_force() is
  'The rules in force. Why definer: the rules are granted to nobody.';

/*
 * A set to start from. The countries are those of the Financial Action Task Force after its plenary of 17 to
 * 19 June 2026, "High-Risk Jurisdictions subject to a Call for Action" and "Jurisdictions under Increased
 * Monitoring" (fatf-gafi.org, black and grey lists; put together from the notices of authorities about the
 * plenaries of October 2025, February and June 2026). It meets three times a year: look them up before you rely
 * on them, and add a version of the rules when they change (docs/risk.md).
 */
insert into private.risk_rule_sets (version, active_from, medium_from, high_from, critical_from, description)
values (1, '2026-01-01T00:00:00Z', 30, 70, 150, 'Rules to start from.');

insert into private.risk_rules (version, code, kind, parameters, weight, least_level, requires_review, reason_code, flag)
values
  (1, 'sanctions_match', 'watch_list', '{"kinds": ["sanctions"]}', 150, 'critical', true, 'sanctions_hit', 'sanctions_hit'),
  (1, 'pep_match', 'watch_list', '{"kinds": ["pep"]}', 70, 'high', true, 'pep_hit', 'pep_hit'),
  (1, 'adverse_media_match', 'watch_list', '{"kinds": ["adverse_media"]}', 40, 'medium', true, 'adverse_media', 'adverse_media'),
  (1, 'country_call_for_action', 'country',
    '{"of": ["residence", "nationality", "document"], "countries": ["IR", "KP", "MM"]}', 70, 'high', true, 'high_risk', null),
  (1, 'country_increased_monitoring', 'country',
    '{"of": ["residence", "nationality", "document"], "countries": ["AO", "BA", "BG", "BO", "CD", "CI", "CM", "HT", "IQ", "KE", "KW", "LA", "LB", "MC", "NP", "PG", "SS", "SY", "VE", "VG", "VN", "YE"]}',
    30, 'low', false, 'high_risk', null),
  (1, 'age_below_minimum', 'age', '{"below": 18}', 150, 'critical', true, 'high_risk', 'underage'),
  (1, 'age_unlikely', 'age', '{"above": 100}', 30, 'low', false, 'high_risk', null),
  (1, 'duplicate_document', 'duplicate', '{"by": "document"}', 40, 'low', false, 'duplicate_identity', null),
  (1, 'duplicate_person', 'duplicate', '{"by": "person"}', 25, 'medium', false, 'duplicate_identity', 'duplicate_identity'),
  (1, 'many_submissions_by_account', 'velocity', '{"by": "account", "more_than": 5, "within": "24 hours"}', 10, 'low', false, 'high_risk', null),
  (1, 'many_submissions_by_person', 'velocity', '{"by": "person", "more_than": 5, "within": "24 hours"}', 10, 'low', false, 'high_risk', null),
  (1, 'many_submissions_by_device', 'velocity', '{"by": "device", "more_than": 3, "within": "24 hours"}', 40, 'low', false, 'high_risk', null),
  (1, 'provider_score_medium', 'provider_score', '{"from": 40, "below": 70}', 30, 'medium', false, 'high_risk', null),
  (1, 'provider_score_high', 'provider_score', '{"from": 70, "below": 90}', 70, 'high', false, 'high_risk', null),
  (1, 'provider_score_critical', 'provider_score', '{"from": 90}', 150, 'critical', true, 'high_risk', null);

create trigger _100_guard
  before insert or update or delete on private.risk_rules
  for each row execute function private.tg_risk_rules__guard();
create trigger _100_guard_truncate
  before truncate on private.risk_rules
  for each statement execute function private.tg_risk_rules__guard();
create trigger _100_guard
  before update or delete on private.risk_rule_sets
  for each row execute function private.tg_risk_rules__guard();
