import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MAX_ROWS, startLibrary } from "./lib/library.ts";
import { type Platform, SECRET_KEY } from "./lib/platform.ts";

let platform: Platform;
beforeAll(async () => {
  platform = await startLibrary();
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
    expect([data?.length, count, status]).toEqual([MAX_ROWS, 9, 206]);
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
