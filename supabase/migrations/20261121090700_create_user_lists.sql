/*
 * Lists of people: by filters, by a part of a name or an e-mail address, in three orders, page by page.
 *
 * Touches: indexes on public.profiles and public.addresses; private.find_people,
 * private.find_users, private.nff_list_users.
 * Not granted: to API roles.
 */

-- The keys of the orders. They are expressions of find_people too: change them together.
create index profiles_last_name_idx on public.profiles ((coalesce(pg_catalog.lower(last_name), '')), user_id);
create index profiles_email_idx on public.profiles ((coalesce(pg_catalog.lower(email), '')), user_id);
-- For addresses that somebody begins to type: `like` needs an order of bytes.
create index profiles_email_prefix_idx on public.profiles (pg_catalog.lower(email) text_pattern_ops);
create index addresses_country_idx on public.addresses (country, user_id);

-- Three letters in a row find a name through this index. Without the extension the search reads all rows.
do $$
begin
  if pg_catalog.to_regprocedure('extensions.similarity(text,text)') is null then
    raise notice 'pg_trgm is not available: searching for users reads them all, and forgives no mistakes';
    return;
  end if;
  execute $index$
    create index profiles_search_idx on public.profiles using gin ((
      ' ' || pg_catalog.lower(coalesce(first_name, '') || ' ' || coalesce(middle_name, '') || ' '
        || coalesce(last_name, '') || ' ' || coalesce(email, ''))
    ) extensions.gin_trgm_ops)
  $index$;
end
$$;

/* What the KYC of a person looks like to the person: `status` of private.kyc_projection_of, and nothing else. */
create function private.kyc_status_of(p_user_id uuid)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_newest public.kyc_verifications;
  v_now constant timestamptz := private.now();
begin
  select * into v_newest from public.kyc_verifications
  where user_id = p_user_id order by verification_id desc limit 1;
  return case
    when v_newest.status = 'approved' and v_newest.expires_at > v_now then 'approved'
    when v_newest.status = 'approved' then 'action_required'
    when v_newest.previous_id is not null and private.kyc_approved_until(p_user_id) is not null then 'approved'
    else coalesce(private.kyc_user_status(v_newest.status), 'not_started')
  end;
end
$$;
comment on function private.kyc_status_of(uuid) is
  'KYC status of a person. Why definer: the rules are granted to nobody.';

/* The values of a filter that may be one value or a list of them; null without it. */
create function private.filter_values(p_filter jsonb, p_name text)
returns text[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return case pg_catalog.jsonb_typeof(p_filter -> p_name)
    when 'array' then array(select pg_catalog.jsonb_array_elements_text(p_filter -> p_name))
    when 'string' then array[p_filter ->> p_name]
  end;
end
$$;
comment on function private.filter_values(jsonb, text) is 'Values of a filter.';

/* The condition for accounts in one of these states, on alias p. */
create function private.find_users_states(p_states text[])
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return '(' || (
    select pg_catalog.string_agg(case state
      when 'active' then '(not p.is_soft_deleted and p.suspended_at is null)'
      when 'suspended' then '(not p.is_soft_deleted and p.suspended_at is not null)'
      when 'soft_deleted' then '(p.is_soft_deleted and not p.is_permanently_deleted)'
      when 'permanently_deleted' then '(p.is_soft_deleted and p.is_permanently_deleted)'
      else 'false'
    end, ' or ')
    from unnest(p_states) as state) || ')';
end
$$;
comment on function private.find_users_states(text[]) is 'Builds the condition of account states.';

/*
 * The conditions of a list on alias p; $1 is the filter. A condition is only there when it is asked for, so
 * that each list is planned for itself. p_mode: how the text of a search is to be found, see private.find_people.
 */
create function private.find_users_conditions(p_filter jsonb, p_mode text)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
  v_text constant text := $text$(' ' || pg_catalog.lower(coalesce(p.first_name, '') || ' '
    || coalesce(p.middle_name, '') || ' ' || coalesce(p.last_name, '') || ' ' || coalesce(p.email, '')))$text$;
  v_search constant text := pg_catalog.lower(p_filter ->> 'search');
  v_kyc constant text[] := private.filter_values(p_filter, 'kyc_status');
  v_states constant text := (
    select pg_catalog.string_agg(case wanted
      when 'action_required' then 'draft,resubmission_required,expired,approved'
      when 'pending' then 'submitted,processing,in_review'
      when 'approved' then 'approved'
      when 'declined' then 'rejected,revoked'
    end, ',')
    from unnest(v_kyc) as wanted);
begin
  return pg_catalog.concat_ws(' and ',
    case
      when p_filter ? 'account_status' then private.find_users_states(private.filter_values(p_filter, 'account_status'))
      when (p_filter ->> 'include_deleted')::boolean is not true then 'not p.is_soft_deleted'
    end,
    case when p_filter ? 'user_id' then 'p.user_id = ($1 ->> ''user_id'')::uuid' end,
    case when p_filter ? 'role' then pg_catalog.format(
      'p.user_id in (select r.user_id from private.user_roles as r where r.role = any (%L::public.staff_role[]))',
      private.filter_values(p_filter, 'role')) end,
    case when p_filter ? 'email' then 'pg_catalog.lower(p.email) = pg_catalog.lower($1 ->> ''email'')' end,
    case when p_filter ? 'created_from' then 'p.created_at >= ($1 ->> ''created_from'')::timestamptz' end,
    case when p_filter ? 'created_to' then 'p.created_at < ($1 ->> ''created_to'')::timestamptz' end,
    case when p_filter ? 'country' then
      'exists (select from public.addresses as a where a.user_id = p.user_id and a.country = $1 ->> ''country'')' end,
    -- Who has no verification in a fitting state need not be looked at.
    case when not 'not_started' = any (v_kyc) then pg_catalog.format(
      'p.user_id in (select v.user_id from public.kyc_verifications as v
        where v.status = any (%L::public.kyc_status[]))', '{' || v_states || '}') end,
    case when v_kyc is not null then
      pg_catalog.format('private.kyc_status_of(p.user_id) = any (%L::text[])', v_kyc) end,
    case
      when p_mode = 'begins' then pg_catalog.format('pg_catalog.lower(p.email) like %L',
        pg_catalog.regexp_replace(v_search, '([\\%_])', '\\\1', 'g') || '%')
      when p_mode = 'fuzzy' then pg_catalog.format('%s operator(extensions.%%>) %L', v_text, v_search)
      else (
        -- Words of one or two letters have to begin a name; longer ones may stand anywhere in it.
        select pg_catalog.string_agg(pg_catalog.format('%s like %L', v_text,
          case when pg_catalog.char_length(word) < 3 then '% ' else '%' end
          || pg_catalog.regexp_replace(word, '([\\%_])', '\\\1', 'g') || '%'), ' and ')
        from pg_catalog.regexp_split_to_table(v_search, '\s+') as word
        where word <> '')
    end);
end
$$;
comment on function private.find_users_conditions(jsonb, text) is 'Builds the conditions of a list of people.';

/*
 * Finds people, whoever asks. p_filter, p_sort, p_after, p_limit: see private.nff_list_users and
 * private.list_users. A text with an @ is looked for where e-mail addresses begin; one that finds
 * nobody so, and every other one, anywhere in names and addresses; one that finds nobody so either, forgiving
 * mistakes, where pg_trgm is. `mode` in the position keeps later pages to what has found somebody.
 */
create function private.find_people(p_filter jsonb, p_sort text, p_after jsonb, p_limit integer)
returns table (user_id uuid, "position" jsonb)
language plpgsql
stable
security definer
rows 25
set search_path = ''
as $$
declare
  v_key constant text := case ltrim(p_sort, '-')
    when 'created_at' then 'p.created_at'
    when 'last_name' then 'coalesce(pg_catalog.lower(p.last_name), '''')'
    when 'email' then 'coalesce(pg_catalog.lower(p.email), '''')'
  end;
  v_is_descending constant boolean := p_sort like '-%';
  v_mode text := coalesce(p_after ->> 'mode',
    case when p_filter ->> 'search' ~ '^[^@ ]+@' then 'begins' else 'anywhere' end);
begin
  if v_key is null then
    raise exception 'The list cannot be sorted so.' using errcode = 'NF001', detail = 'sort';
  end if;
  -- One wrong letter in seven may pass; the default of pg_trgm lets none pass there. Not a clause of the
  -- function, which could not be created without the extension.
  perform pg_catalog.set_config('pg_trgm.word_similarity_threshold', '0.45', true);
  loop
    return query execute pg_catalog.concat(
      'select p.user_id, pg_catalog.jsonb_build_object(''key'', ', v_key, ', ''id'', p.user_id, ''mode'', $4)',
      ' from public.profiles as p where true',
      ' and ' || nullif(private.find_users_conditions(p_filter, v_mode), ''),
      case when p_after is not null then pg_catalog.format(
        ' and (%s, p.user_id) %s (($2 ->> ''key'')::%s, ($2 ->> ''id'')::uuid)', v_key,
        case when v_is_descending then '<' else '>' end,
        case v_key when 'p.created_at' then 'timestamptz' else 'text' end) end,
      ' order by ', v_key, case when v_is_descending then ' desc, p.user_id desc' else ', p.user_id' end,
      ' limit $3')
    using p_filter, p_after, p_limit, v_mode;
    exit when found or p_after is not null or v_mode = 'fuzzy';
    exit when v_mode = 'anywhere' and (
      coalesce(pg_catalog.char_length(p_filter ->> 'search'), 0) < 4
      or pg_catalog.to_regprocedure('extensions.word_similarity(text,text)') is null);
    v_mode := case v_mode when 'begins' then 'anywhere' else 'fuzzy' end;
  end loop;
end
$$;
comment on function private.find_people(jsonb, text, jsonb, integer) is
  'Finds people for the functions that have asked for a right. Why definer: profiles of others are hidden.';

/* Finds people for an operator. Parameters and positions: see private.find_people. Raises NF010, NF016, NF001. */
create function private.find_users(p_filter jsonb, p_sort text, p_after jsonb, p_limit integer)
returns table (user_id uuid, "position" jsonb)
language plpgsql
stable
security definer
rows 25
set search_path = ''
as $$
begin
  perform private.require_operator('users:read');
  return query select * from private.find_people(p_filter, p_sort, p_after, p_limit);
end
$$;
comment on function private.find_users(jsonb, text, jsonb, integer) is
  'Finds people. Why definer: under a policy no index could answer a search, because its operators might leak; what is found is read under the policies.';
grant execute on function private.find_users(jsonb, text, jsonb, integer) to nff_operator;

/*
 * A page of people. p_filter: {search, email, country, kyc_status, created_from, created_to, include_deleted},
 * each optional. p_sort: created_at, last_name or email, with a minus sign for the reverse. p_after: `position`
 * of the last row of the page before, null for the first page.
 * Returns rows of (item, position), item as in schema NffUser. Ask for one more than the page holds. The page is
 * audited.
 * May be called by: nff_operator. Raises NF010, NF016, NF001 (sort).
 */
create function private.nff_list_users(p_filter jsonb, p_sort text, p_after jsonb, p_limit integer)
returns table (item jsonb, "position" jsonb)
language plpgsql
volatile
security invoker
rows 25
set search_path = ''
as $$
declare
  v_ids uuid[] := '{}';
begin
  -- Not left to find_users: where the policies let nothing through, it need not be called at all.
  perform private.require_operator('users:read');
  for nff_list_users.item, nff_list_users.position in
    select private.nff_user_json(p, a), found.position
    from private.find_users(p_filter, p_sort, p_after, p_limit)
      with ordinality as found (user_id, position, place)
    join public.profiles as p on p.user_id = found.user_id
    left join public.addresses as a on a.user_id = found.user_id
    order by found.place
  loop
    v_ids := v_ids || (nff_list_users.item ->> 'user_id')::uuid;
    return next;
  end loop;
  -- The row over the page only says that there is another page, and is not shown.
  perform private.audit_people_read(null, v_ids[:p_limit - 1], p_filter);
end
$$;
comment on function private.nff_list_users(jsonb, text, jsonb, integer) is 'A page of people under the policies of the caller.';
grant execute on function private.nff_list_users(jsonb, text, jsonb, integer) to nff_operator;
