/*
 * Which accounts belong to one person.
 *
 * Touches: private.is_same_person, private.accounts_of_person.
 * Not granted: to any API role; the functions of staff call them.
 */

/*
 * Whether two accounts belong to one person, as far as that can be known: the same account, the same mailbox
 * (tags aside), the same name and birth date in the profiles, or in what was submitted for verification.
 */
create function private.is_same_person(p_one uuid, p_other uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return coalesce(p_one = p_other, false) or exists (
    select
    from public.profiles as one
    join public.profiles as other on other.user_id = p_other
    where one.user_id = p_one and (
      pg_catalog.regexp_replace(pg_catalog.lower(one.email), '\+[^@]*@', '@')
        = pg_catalog.regexp_replace(pg_catalog.lower(other.email), '\+[^@]*@', '@')
      or one.date_of_birth = other.date_of_birth
        and private.normalise_name(pg_catalog.concat_ws(' ', one.first_name, one.last_name))
          = private.normalise_name(pg_catalog.concat_ws(' ', other.first_name, other.last_name)))
  ) or exists (
    select
    from private.risk_signals as one
    join private.risk_signals as other on other.person_key = one.person_key
    where one.user_id = p_one and other.user_id = p_other
  );
end
$$;
comment on function private.is_same_person(uuid, uuid) is
  'Whether two accounts are one person. Why definer: profiles of others and signals are granted to nobody.';

/*
 * The accounts of one person, this one included, as far as indexes lead to them, for lists that leave the own cases
 * out: the same mailbox, or submissions under the name and birth date of this one, in its profile or submitted. Where
 * one case is at stake, private.is_same_person asks for more.
 */
create function private.accounts_of_person(p_user_id uuid)
returns uuid[]
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_own public.profiles;
  v_mailbox text;
  v_keys bytea[];
begin
  select * into v_own from public.profiles where user_id = p_user_id;
  v_mailbox := pg_catalog.regexp_replace(pg_catalog.lower(v_own.email), '(\+[^@]*)?@.*', '');
  v_keys := array(select person_key from private.risk_signals where user_id = p_user_id)
    || pg_catalog.sha256(pg_catalog.convert_to(
      private.normalise_name(pg_catalog.concat_ws(' ', v_own.first_name, v_own.last_name))
        || '|' || pg_catalog.to_char(v_own.date_of_birth, 'YYYY-MM-DD'), 'UTF8'));
  return p_user_id || array(
    select plain.user_id from public.profiles as plain
    where pg_catalog.lower(plain.email) = pg_catalog.regexp_replace(pg_catalog.lower(v_own.email), '\+[^@]*@', '@')
    union
    -- With a tag: a comma is what follows a plus sign in the order of bytes.
    select tagged.user_id from public.profiles as tagged
    where pg_catalog.lower(tagged.email) operator(pg_catalog.~>=~) (v_mailbox || '+')
      and pg_catalog.lower(tagged.email) operator(pg_catalog.~<~) (v_mailbox || ',')
      and private.is_same_person(p_user_id, tagged.user_id)
    union
    select same.user_id from private.risk_signals as same where same.person_key = any (v_keys)
  );
end
$$;
comment on function private.accounts_of_person(uuid) is
  'Accounts of one person. Why definer: profiles of others and signals are granted to nobody.';
