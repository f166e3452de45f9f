/*
 * Medians and percentiles of times that were summed up in buckets.
 *
 * Touches: private.percentile_ms, private.times_of, private.times_by_key, private.in_seconds.
 * Not granted: to any API role.
 */

/* The time under which p_share of the measured ones lie, in milliseconds; null when nothing was measured. */
create function private.percentile_ms(p_buckets smallint[], p_counts numeric[], p_share double precision)
returns double precision
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
  v_wanted constant numeric := pg_catalog.ceil((select sum(n) from unnest(p_counts) as n) * p_share::numeric);
  v_passed numeric := 0;
begin
  for v_index in 1 .. coalesce(pg_catalog.cardinality(p_buckets), 0) loop
    v_passed := v_passed + p_counts[v_index];
    if v_passed >= v_wanted then
      return private.bucket_ms(p_buckets[v_index]);
    end if;
  end loop;
  return null;
end
$$;
comment on function private.percentile_ms(smallint[], numeric[], double precision) is 'Percentile of buckets in ascending order.';

/* Sum, median and 95th percentile of a metric in a period, for one key or for all. */
create function private.times_of(
  p_metric text, p_key text, p_first date, p_after date,
  out count bigint, out p50_ms double precision, out p95_ms double precision
)
language plpgsql
stable
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  v_buckets smallint[];
  v_counts numeric[];
begin
  select pg_catalog.array_agg(per.bucket order by per.bucket), pg_catalog.array_agg(per.total order by per.bucket),
    coalesce(sum(per.total), 0)
  into v_buckets, v_counts, times_of.count
  from (
    select bucket, sum(figures.count) as total from private.figures
    where metric = p_metric and day >= p_first and day < p_after and (p_key is null or key = p_key)
    group by bucket
  ) as per;
  p50_ms := private.percentile_ms(v_buckets, v_counts, 0.5);
  p95_ms := private.percentile_ms(v_buckets, v_counts, 0.95);
end
$$;
comment on function private.times_of(text, text, date, date) is
  'Times of a metric. Why definer: the sums are granted to nobody.';

/* The same for each key of a metric, in one pass. */
create function private.times_by_key(p_metric text, p_first date, p_after date)
returns table (key text, count numeric, p50_ms double precision, p95_ms double precision)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return query
  select per.key, sum(per.total),
    private.percentile_ms(
      pg_catalog.array_agg(per.bucket order by per.bucket), pg_catalog.array_agg(per.total order by per.bucket), 0.5),
    private.percentile_ms(
      pg_catalog.array_agg(per.bucket order by per.bucket), pg_catalog.array_agg(per.total order by per.bucket), 0.95)
  from (
    select sum.key, sum.bucket, sum(sum.count) as total from private.figures as sum
    where sum.metric = p_metric and sum.day >= p_first and sum.day < p_after
    group by sum.key, sum.bucket
  ) as per
  group by per.key;
end
$$;
comment on function private.times_by_key(text, date, date) is
  'Times of a metric by key. Why definer: the sums are granted to nobody.';

create function private.in_seconds(p_ms double precision)
returns numeric
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  return pg_catalog.round((p_ms / 1000)::numeric, 3);
end
$$;
comment on function private.in_seconds(double precision) is 'Seconds of milliseconds.';
