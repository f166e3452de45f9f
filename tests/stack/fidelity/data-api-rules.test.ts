import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signedIn } from "./lib/accounts.ts";
import { startLibrary } from "./lib/library.ts";
import { type Platform, PUBLISHABLE_KEY, SECRET_KEY } from "./lib/platform.ts";

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
