import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signedIn } from "./lib/accounts.ts";
import { type Platform, PUBLISHABLE_KEY, SECRET_KEY, startPlatform } from "./lib/platform.ts";

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform({ api: { schemas: ["public"], max_rows: 5 } });
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
});
afterAll(() => platform.dispose());

const anon = () => platform.client();
const service = () => platform.admin();

async function raw(path: string, headers: Record<string, string> = {}, init: RequestInit = {}) {
  return fetch(`${platform.url}/rest/v1/${path}`, {
    ...init,
    headers: { apikey: SECRET_KEY, "content-type": "application/json", ...headers },
  });
}

describe("values are written as Postgres writes JSON", () => {
  test("timestamps are ISO 8601, numerics and bigints are numbers, json and arrays are themselves", async () => {
    const { data } = await anon().from("books").select().order("id").limit(2);
    expect(data?.[0]).toEqual({
      id: 1,
      author_id: 1,
      title: "One",
      price: 12.5,
      ratio: 0.1,
      pages: 300,
      rating: 4.5,
      printed_at: "2026-11-20T09:21:07.123456+00:00",
      local_at: "2026-11-20T09:21:07",
      tags: ["a", "b c"],
      extra: { x: { y: [1, null] } },
      is_sold: false,
    });
    expect(data?.[1]).toMatchObject({
      price: 7,
      ratio: 100,
      pages: 9007199254740991,
      printed_at: "2026-11-20T08:00:00+00:00",
      tags: [],
      extra: [],
    });
  });

  test("the same inside embedded rows and in what functions return", async () => {
    const embedded = await anon()
      .from("authors")
      .select("name, born, books(price, printed_at)")
      .eq("id", 1);
    expect(embedded.data).toEqual([
      {
        name: "Ada",
        born: "1815-12-10",
        books: [
          { price: 12.5, printed_at: "2026-11-20T09:21:07.123456+00:00" },
          { price: 7, printed_at: "2026-11-20T08:00:00+00:00" },
        ],
      },
    ]);
    const rows = await anon().rpc("list_books").eq("id", 1).single();
    expect(rows.data).toMatchObject({
      price: 12.5,
      printed_at: "2026-11-20T09:21:07.123456+00:00",
    });
  });
});

describe("reading", () => {
  test("filters, order, single rows", async () => {
    const { data } = await anon()
      .from("books")
      .select("title")
      .or("price.gt.10,title.like.T*")
      .order("title", { ascending: false });
    expect(data?.map(({ title }) => title)).toEqual(["Two", "Three", "One"]);
    expect((await anon().from("books").select("id").eq("title", "One").single()).data).toEqual({
      id: 1,
    });
    expect((await anon().from("books").select("id").eq("id", 77).maybeSingle()).data).toBeNull();
  });

  test("single() with none or several rows: 406 PGRST116", async () => {
    for (const id of [77, 1]) {
      const query =
        id === 77 ? anon().from("books").select().eq("id", id) : anon().from("books").select();
      expect(await query.single()).toMatchObject({
        status: 406,
        error: {
          code: "PGRST116",
          message: "Cannot coerce the result to a single JSON object",
        },
      });
    }
  });

  test("embeds many-to-one as an object and filters by it", async () => {
    const { data } = await anon()
      .from("books")
      .select("title, author:authors!inner(name)")
      .eq("authors.name", "Bob");
    expect(data).toEqual([{ title: "Three", author: { name: "Bob" } }]);
  });

  test("json paths and casts", async () => {
    const { data } = await anon()
      .from("books")
      .select("deep:extra->x->y->0, text:extra->x->>y, price::text")
      .eq("id", 1);
    expect(data).toEqual([{ deep: 1, text: "[1, null]", price: "12.50" }]);
  });

  test("no more rows than max_rows, whatever is asked; the count is the whole", async () => {
    const { data, count, status } = await anon()
      .from("books")
      .select("id", { count: "exact" })
      .limit(100);
    expect([data?.length, count, status]).toEqual([5, 9, 206]);
  });

  test("ranges: 206 with Content-Range, 416 behind the end", async () => {
    const second = await anon()
      .from("books")
      .select("id", { count: "exact" })
      .order("id")
      .range(2, 3);
    expect([second.status, second.count, second.data]).toEqual([206, 9, [{ id: 3 }, { id: 4 }]]);
    const response = await raw("books?select=id&order=id", { Range: "0-1", Prefer: "count=exact" });
    expect(response.headers.get("content-range")).toBe("0-1/9");
    const behind = await anon().from("books").select("id", { count: "exact" }).range(20, 25);
    expect(behind).toMatchObject({ status: 416, error: { code: "PGRST103" } });
  });

  test("head answers only the count", async () => {
    const { data, count } = await anon().from("books").select("*", { count: "exact", head: true });
    expect([data, count]).toEqual([null, 9]);
  });

  test("csv", async () => {
    expect((await anon().from("authors").select("id,name").order("id").csv()).data).toBe(
      "id,name\n1,Ada\n2,Bob",
    );
  });
});

describe("writing", () => {
  test("return=minimal is 201 without a body, return=representation gives the rows", async () => {
    const quiet = await raw(
      "authors",
      { Prefer: "return=minimal" },
      { method: "POST", body: '{"id":10,"name":"Eve"}' },
    );
    expect([quiet.status, await quiet.text()]).toEqual([201, ""]);
    const loud = await service().from("authors").insert({ id: 11, name: "Fay" }).select("id, name");
    expect([loud.status, loud.data]).toEqual([201, [{ id: 11, name: "Fay" }]]);
  });

  test("upsert by key, ignoring duplicates, bulk", async () => {
    const rows = [
      { id: 10, name: "Eva" },
      { id: 12, name: "Gus" },
    ];
    const merged = await service().from("authors").upsert(rows).select();
    expect(merged.data?.map(({ name }) => name)).toEqual(["Eva", "Gus"]);
    const ignored = await service()
      .from("authors")
      .upsert(
        [
          { id: 10, name: "no" },
          { id: 13, name: "Hal" },
        ],
        { ignoreDuplicates: true },
      )
      .select("name");
    expect(ignored.data).toEqual([{ name: "Hal" }]);
    const byTitle = await service()
      .from("books")
      .upsert({ id: 1, title: "One", price: 13 }, { onConflict: "title" })
      .select("price");
    expect(byTitle.data).toEqual([{ price: 13 }]);
  });

  test("update and delete answer 200 with rows and 204 without", async () => {
    const updated = await service()
      .from("authors")
      .update({ name: "Gil" })
      .eq("id", 12)
      .select("name");
    expect([updated.status, updated.data]).toEqual([200, [{ name: "Gil" }]]);
    const removed = await service().from("authors").delete().gte("id", 10);
    expect([removed.status, removed.data]).toEqual([204, null]);
  });

  test("an update that matches nothing changes nothing and is no error", async () => {
    const { error, data } = await service()
      .from("authors")
      .update({ name: "x" })
      .eq("id", 999)
      .select();
    expect([error, data]).toEqual([null, []]);
  });
});

describe("functions", () => {
  test("named arguments, defaults, GET for stable ones", async () => {
    expect((await anon().rpc("add", { a: 1, b: 2 })).data).toBe(3);
    expect((await anon().rpc("add", { a: 1 })).data).toBe(11);
    expect((await anon().rpc("add", { a: 1, b: 2 }, { get: true })).data).toBe(3);
  });

  test("an unknown function, or unknown arguments: 404 PGRST202", async () => {
    expect(await anon().rpc("nope")).toMatchObject({ status: 404, error: { code: "PGRST202" } });
    expect(await anon().rpc("add", { c: 1 })).toMatchObject({
      status: 404,
      error: { code: "PGRST202" },
    });
  });

  test("a function sees the caller's claims", async () => {
    const { id, client } = await signedIn(platform);
    expect((await client.rpc("claims")).data).toMatchObject({
      sub: id,
      role: "authenticated",
      aal: "aal1",
    });
    expect((await anon().rpc("claims")).data).toMatchObject({ role: "anon" });
  });
});

describe("errors are Postgres' own, with a status", () => {
  test.each([
    ["23505", 409],
    ["23503", 409],
    ["22P02", 400],
    ["42501", 401],
    ["P0001", 400],
    ["PT422", 422],
    ["NF031", 400],
    ["23514", 400],
    ["40001", 500],
    ["57014", 500],
    ["P0002", 500],
    ["28000", 403],
  ])("%s: %i", async (state, status) => {
    expect(await anon().rpc("fail", { state })).toMatchObject({
      status,
      error: { code: state, message: "it failed", details: "the detail", hint: "the hint" },
    });
  });

  test("somebody who is signed in gets 403 instead of 401 for a missing right", async () => {
    const { client } = await signedIn(platform);
    expect(await client.rpc("fail", { state: "42501" })).toMatchObject({ status: 403 });
  });

  test("a value of the wrong type, a null, a duplicate", async () => {
    expect(await anon().from("books").select().eq("id", "x")).toMatchObject({
      status: 400,
      error: { code: "22P02" },
    });
    expect(await service().from("authors").insert({ id: 20 })).toMatchObject({
      status: 400,
      error: { code: "23502" },
    });
    expect(await service().from("authors").insert({ id: 1, name: "x" })).toMatchObject({
      status: 409,
      error: { code: "23505" },
    });
  });

  test("an unknown table 404 PGRST205, an unknown column 400, a broken filter 400 PGRST100", async () => {
    expect(await anon().from("nope").select()).toMatchObject({
      status: 404,
      error: { code: "PGRST205" },
    });
    expect(await anon().from("books").select("nope")).toMatchObject({
      status: 400,
      error: { code: "42703" },
    });
    expect(await (await raw("books?id=nonsense")).json()).toMatchObject({ code: "PGRST100" });
  });
});

describe("what the project did not grant stays closed", () => {
  test("a table without grants: 42501 for every role, also after other requests", async () => {
    await anon().from("books").select();
    expect(await anon().from("locked").select()).toMatchObject({
      status: 401,
      error: { code: "42501" },
    });
    expect(await service().from("locked").select()).toMatchObject({
      status: 403,
      error: { code: "42501" },
    });
    const [grants] = await platform.sql`
      select count(*)::int as count from information_schema.role_table_grants
      where table_name = 'locked' and grantee in ('anon', 'authenticated', 'service_role')
        and privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')`;
    expect(grants).toEqual({ count: 0 });
  });

  test("writes need their own grant", async () => {
    const { error, status } = await anon().from("authors").insert({ id: 30, name: "x" });
    expect([status, error?.code]).toEqual([401, "42501"]);
    expect((await service().from("authors").select().eq("id", 30)).data).toEqual([]);
  });

  test("row-level security binds users to their rows", async () => {
    const ada = await signedIn(platform);
    const bob = await signedIn(platform);
    expect(
      (await ada.client.from("private_notes").insert({ id: 1, note: "hers" })).error,
    ).toBeNull();
    expect((await ada.client.from("private_notes").select("note")).data).toEqual([
      { note: "hers" },
    ]);
    expect((await bob.client.from("private_notes").select("note")).data).toEqual([]);
    const forged = await bob.client
      .from("private_notes")
      .insert({ id: 2, owner: ada.id, note: "x" });
    expect([forged.status, forged.error?.code]).toEqual([403, "42501"]);
  });

  test("a schema that is not exposed: 406 PGRST106, and never under another name", async () => {
    const hidden = await service().schema("hidden").from("secrets").select();
    expect(hidden).toMatchObject({ status: 406, error: { code: "PGRST106" } });
    for (const table of ["hidden.secrets", "secrets"]) {
      expect((await service().from(table).select()).status).toBe(404);
    }
    for (const schema of ["auth", "storage", "pg_catalog"]) {
      expect((await service().schema(schema).from("users").select()).status).toBe(406);
    }
  });

  test("a header can't make the caller somebody else", async () => {
    const response = await raw("rpc/claims", {
      apikey: PUBLISHABLE_KEY,
      "x-supabase-role": "service_role",
      "request.jwt.claims": '{"role":"service_role"}',
    });
    expect(await response.json()).toEqual({ role: "anon" });
  });
});

describe("the schema cache follows migrations", () => {
  test("a new table answers as soon as the notification arrived, without a restart", async () => {
    expect((await anon().from("later").select()).error?.code).toBe("PGRST205");
    await platform.sql`create table public.later (id int)`;
    await platform.sql`grant select on public.later to anon`;
    await expect
      .poll(async () => (await anon().from("later").select()).status, { timeout: 10_000 })
      .toBe(200);
    await platform.sql`drop table public.later`;
    await expect
      .poll(async () => (await anon().from("later").select()).status, { timeout: 10_000 })
      .toBe(404);
  });
});
