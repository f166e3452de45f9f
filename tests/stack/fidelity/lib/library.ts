import { type Platform, startPlatform } from "./platform.ts";

/** The most rows that the Data API of the library gives. */
export const MAX_ROWS = 5;

/** A platform with authors and books: every kind of value, right and relation that the tests need. */
export async function startLibrary(): Promise<Platform> {
  const platform = await startPlatform({ api: { schemas: ["public"], max_rows: MAX_ROWS } });
  await platform.define(`
    create table public.authors (id int primary key, name text not null, born date);
    create table public.books (
      id int primary key,
      author_id int references public.authors (id) on delete cascade,
      title text not null unique,
      price numeric(10, 2), ratio numeric, pages bigint, rating real,
      printed_at timestamptz, local_at timestamp, tags text[], extra jsonb, is_sold boolean default false
    );
    insert into public.authors values (1, 'Ada', '1815-12-10'), (2, 'Bob', null);
    insert into public.books values
      (1, 1, 'One', 12.50, 0.1, 300, 4.5, '2026-11-20 09:21:07.123456+00', '2026-11-20 09:21:07', '{a,"b c"}', '{"x": {"y": [1, null]}}', false),
      (2, 1, 'Two', 7, 100, 9007199254740991, null, '2026-11-20 10:00:00+02', null, '{}', '[]', true),
      (3, 2, 'Three', null, null, null, null, null, null, null, null, null);
    insert into public.books (id, title) select n, 'Extra ' || n from generate_series(4, 9) as n;
    grant select on public.authors, public.books to anon, authenticated;
    grant select, insert, update, delete on public.authors, public.books to service_role;
    create table public.locked (id int primary key);
    create table public.private_notes (id int primary key, owner uuid not null default auth.uid(), note text);
    alter table public.private_notes enable row level security;
    grant select, insert, update, delete on public.private_notes to authenticated;
    create policy mine on public.private_notes for select to authenticated using (owner = (select auth.uid()));
    create policy mine_insert on public.private_notes for insert to authenticated with check (owner = (select auth.uid()));
    create schema hidden;
    create table hidden.secrets (id int primary key);
    grant usage on schema hidden to anon, service_role;
    grant select on hidden.secrets to anon, service_role;
    create function public.add(a int, b int default 10) returns int language sql immutable as $$ select a + b $$;
    create function public.fail(state text) returns void language plpgsql as $$
      begin raise exception 'it failed' using errcode = state, detail = 'the detail', hint = 'the hint'; end $$;
    create function public.list_books() returns setof public.books language sql stable as $$ select * from public.books $$;
    create function public.claims() returns jsonb language sql stable as $$ select auth.jwt() $$;
    grant execute on all functions in schema public to anon, authenticated, service_role;
  `);
  return platform;
}
