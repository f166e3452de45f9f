/*
 * The assessment: all rules in force against the facts of an attempt, at its submission and at each verdict
 * of the provider; and when a list that came later names the person.
 *
 * Touches: private.risk_assessments, private.risk_assess, private.risk_requires_review.
 * Not granted: the table to anybody; the functions of the KYC engine call these.
 */

create table private.risk_assessments (
  assessment_id bigint generated always as identity primary key,
  verification_id uuid not null,
  attempt smallint not null,
  occasion text not null check (occasion in ('submission', 'verdict', 'monitoring')),
  version integer not null references private.risk_rule_sets (version) on delete restrict,
  score smallint not null check (score between 0 and 1000),
  level public.risk_level not null,
  requires_review boolean not null,
  reason_code text references private.kyc_reason_codes (code) on delete restrict,
  reasons jsonb not null,
  assessed_at timestamptz not null default private.now(),
  foreign key (verification_id, attempt) references private.kyc_attempts (verification_id, attempt) on delete restrict
);
alter table private.risk_assessments enable row level security;
create index risk_assessments_verification_id_idx on private.risk_assessments (verification_id, attempt, assessment_id);
create index risk_assessments_version_idx on private.risk_assessments (version);
create index risk_assessments_reason_code_idx on private.risk_assessments (reason_code);
create trigger _100_append_only
  before update or delete or truncate on private.risk_assessments
  for each statement execute function private.tg__append_only();
comment on table private.risk_assessments is 'Every assessment, with the version of the rules it used. Written once.';
comment on column private.risk_assessments.requires_review is 'Whether the provider may not approve by itself.';
comment on column private.risk_assessments.reason_code is 'The gravest reason, for a review that follows from it.';
comment on column private.risk_assessments.reasons is '[{code, points, level, explanation}], most points first. Counts, countries and codes; no names.';

insert into private.personal_data (
  relation, rows_of, section, shown, withheld, withheld_because, erase_now, erase_later, kept_because)
values
  ('private.risk_assessments',
    't.verification_id in (select v.verification_id from public.kyc_verifications as v where v.user_id = $1)',
    null, '{}', '{}',
    'What was found when your identity was checked may not be disclosed: the law against money laundering forbids tipping off.',
    null, null, 'Codes, scores and times only.');

/* What a rule has to say about the facts of private.risk_facts(): an explanation, or null. */
create function private.risk_finding(p_kind text, p_parameters jsonb, p_facts jsonb)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  v_by constant text := p_parameters ->> 'by';
  v_count integer;
  v_text text;
begin
  case p_kind
    when 'country' then
      select pg_catalog.string_agg(distinct pg_catalog.initcap(part) || ' in ' || country, ', ') into v_text
      from pg_catalog.jsonb_array_elements_text(p_parameters -> 'of') as part
      cross join pg_catalog.jsonb_array_elements_text(p_facts -> 'countries' -> part) as country
      where p_parameters -> 'countries' ? country;
    when 'age' then
      if (p_facts ->> 'age')::integer < (p_parameters ->> 'below')::integer
        or (p_facts ->> 'age')::integer > (p_parameters ->> 'above')::integer then
        v_text := 'The person is ' || (p_facts ->> 'age') || ' years old';
      end if;
    when 'watch_list' then
      select case when count(*) > 0 then
        count(*) || ' listed ' || case count(*) when 1 then 'person has' else 'persons have' end
          || ' a name and birth date like these, at most ' || pg_catalog.round(max((hit ->> 'score')::numeric), 2) || ' similar' end
      into v_text
      from pg_catalog.jsonb_array_elements(p_facts -> 'hits') as hit
      where p_parameters -> 'kinds' ? (hit ->> 'kind') and (hit ->> 'is_counted')::boolean
        and (hit ->> 'score')::real >= coalesce((p_parameters ->> 'min_score')::real, 0);
    when 'duplicate' then
      v_count := (p_facts -> 'others' ->> v_by)::integer;
      if v_count > 0 then
        v_text := v_count || ' other ' || case v_count when 1 then 'account has' else 'accounts have' end
          || case v_by when 'document' then ' shown the same file' else ' submitted the same name and birth date' end;
      end if;
    when 'velocity' then
      select count(*) into v_count
      from pg_catalog.jsonb_array_elements_text(p_facts -> 'submissions' -> v_by) as seconds_ago
      where seconds_ago::numeric <= extract(epoch from (p_parameters ->> 'within')::interval);
      if v_count > (p_parameters ->> 'more_than')::integer then
        v_text := v_count || ' submissions by the same ' || v_by || ' within ' || (p_parameters ->> 'within');
      end if;
    when 'provider_score' then
      if (p_facts ->> 'provider_score')::integer >= (p_parameters ->> 'from')::integer
        and coalesce((p_facts ->> 'provider_score')::integer < (p_parameters ->> 'below')::integer, true) then
        v_text := 'The provider''s score is ' || (p_facts ->> 'provider_score');
      end if;
  end case;
  return v_text || '.';
end
$$;
comment on function private.risk_finding(text, jsonb, jsonb) is 'Applies one rule.';

/*
 * Applies the rules in force to facts.
 * Returns: version, score (sum of the points, at most 1000), level (by the points, and at least what a rule
 * that matches asks for), requires_review, reason_code (of the gravest match), reasons, flags.
 */
create function private.risk_evaluate(
  p_facts jsonb, out version integer, out score integer, out level public.risk_level, out requires_review boolean,
  out reason_code text, out reasons jsonb, out flags text[]
)
language plpgsql
stable
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  v_set constant private.risk_rule_sets := private.risk_rules_in_force();
begin
  select v_set.version, least(coalesce(sum(matched.weight), 0), 1000)::integer,
    max(matched.least_level), coalesce(pg_catalog.bool_or(matched.requires_review), false),
    (pg_catalog.array_agg(matched.reason_code order by matched.least_level desc, matched.weight desc, matched.code))[1],
    coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'code', matched.code, 'points', matched.weight, 'level', matched.least_level, 'explanation', matched.explanation)
      order by matched.weight desc, matched.code), '[]'),
    coalesce(pg_catalog.array_agg(distinct matched.flag) filter (where matched.flag is not null), '{}')
  into version, score, level, requires_review, reason_code, reasons, flags
  from (
    select rule.*, private.risk_finding(rule.kind, rule.parameters, p_facts) as explanation
    from private.risk_rules as rule
    where rule.version = v_set.version
  ) as matched
  where matched.explanation is not null;
  level := greatest(level, case
    when score >= v_set.critical_from then 'critical' when score >= v_set.high_from then 'high'
    when score >= v_set.medium_from then 'medium' else 'low' end::public.risk_level);
  requires_review := requires_review or level = 'critical';
end
$$;
comment on function private.risk_evaluate(jsonb) is
  'Applies all rules. Why definer: the rules are granted to nobody.';

/*
 * Screens the person of the current attempt, applies the rules in force, keeps the assessment and makes it
 * the risk of the case. p_occasion: submission, verdict or monitoring.
 */
create function private.risk_assess(p_verification_id uuid, p_occasion text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_attempt private.kyc_attempts;
  v_result record;
begin
  select * into strict v_attempt from private.kyc_attempts
  where verification_id = p_verification_id order by attempt desc limit 1;
  select * into strict v_result
  from private.risk_evaluate(private.risk_facts(v_attempt, private.kyc_screen(v_attempt)));
  insert into private.risk_assessments (
    verification_id, attempt, occasion, version, score, level, requires_review, reason_code, reasons)
  values (
    p_verification_id, v_attempt.attempt, p_occasion, v_result.version, v_result.score, v_result.level,
    v_result.requires_review, v_result.reason_code, v_result.reasons);
  update private.kyc_cases
  set risk_level = v_result.level, risk_score = v_result.score, risk_assessed_at = private.now(),
      -- What an earlier assessment flagged and this one does not is gone; flags of others stay.
      flags = array(
        select flag from unnest(flags) as flag where flag not in (
          select rule.flag from private.risk_rules as rule where rule.flag is not null)
      ) || v_result.flags
  where verification_id = p_verification_id;
  perform private.audit_append(
    'kyc:' || p_verification_id, 'system', 'risk_rules', 'kyc.risk_assessed', 'kyc_verification', p_verification_id::text,
    v_result.reason_code, pg_catalog.jsonb_build_object(
      'occasion', p_occasion, 'attempt', v_attempt.attempt, 'rules_version', v_result.version,
      'score', v_result.score, 'level', v_result.level,
      'rules', pg_catalog.jsonb_path_query_array(v_result.reasons, '$[*].code')));
end
$$;
comment on function private.risk_assess(uuid, text) is
  'Assesses the risk of a verification. Why definer: nobody may write what it writes.';

/* The newest assessment of a verification; a row of nulls before the first. */
create function private.risk_newest(p_verification_id uuid)
returns private.risk_assessments
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_assessment private.risk_assessments;
begin
  select * into v_assessment from private.risk_assessments
  where verification_id = p_verification_id order by attempt desc, assessment_id desc limit 1;
  return v_assessment;
end
$$;
comment on function private.risk_newest(uuid) is
  'Newest assessment. Why definer: the assessments are granted to nobody.';
