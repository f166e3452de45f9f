import postgres, { type Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DatabaseOnly, startDatabaseOnly } from "../../../scripts/stack/database.ts";
import { prepareDatabase } from "../../../scripts/stack/gateway/prepare-database.ts";

let database: DatabaseOnly;
let migrator: Sql;
beforeAll(async () => {
  database = await startDatabaseOnly({ migrate: false });
  migrator = postgres(database.url, { max: 1, onnotice: () => {} });
  await migrator.unsafe(`
    create function public.touch() returns trigger language plpgsql as $$ begin return new; end $$;
  `);
});
afterAll(async () => {
  await migrator.end();
  await database.dispose();
});

describe("migrations, as the role postgres, may", () => {
  test.each([
    [
      "reference accounts",
      "create table public.notes (owner uuid references auth.users (id) on delete cascade)",
    ],
    [
      "put triggers on accounts",
      "create trigger touch after insert on auth.users for each row execute function public.touch()",
    ],
    ["take them away again", "drop trigger touch on auth.users"],
    [
      "write policies for stored objects",
      "create policy p on storage.objects for select to authenticated using (bucket_id = 'x')",
    ],
    ["change and drop those", "alter policy p on storage.objects using (true)"],
    ["", "drop policy p on storage.objects"],
    [
      "write policies for broadcasts",
      "create policy p on realtime.messages for select to authenticated using (realtime.topic() = 'x')",
    ],
    ["grant reading accounts on", "grant select on auth.users to service_role"],
    [
      "seed accounts",
      "insert into auth.users (id, email) values (gen_random_uuid(), 'seed@example.com')",
    ],
    ["create buckets", "insert into storage.buckets (id, name) values ('b', 'b')"],
    ["send a broadcast", "select realtime.send('{}'::jsonb, 'event', 'topic', true)"],
    ["add tables to the publication", "alter publication supabase_realtime add table public.notes"],
  ])("%s", async (_, statement) => {
    await migrator.unsafe(statement);
  });
});

describe("migrations may not, as on a hosted project,", () => {
  test.each([
    ["change platform tables", "alter table storage.objects add column mine int"],
    [
      "switch off their row-level security",
      "alter table storage.objects disable row level security",
    ],
    ["not even switch it on", "alter table realtime.messages enable row level security"],
    ["drop them", "drop table storage.objects"],
    ["create tables beside them", "create table auth.mine (id int)"],
    ["", "create table storage.mine (id int)"],
    [
      "create functions beside them",
      "create function auth.mine() returns int language sql as 'select 1'",
    ],
    ["delete stored objects behind the Storage API", "delete from storage.objects"],
    ["become the superuser", "set role supabase_admin"],
    ["become a service", "set role supabase_auth_admin"],
  ])("%s", async (_, statement) => {
    await expect(migrator.unsafe(statement)).rejects.toMatchObject({ code: "42501" });
  });
});

describe("what the platform's schemas offer", () => {
  test("auth.uid(), role(), email() and jwt() read the claims", async () => {
    const claims = { sub: crypto.randomUUID(), role: "authenticated", email: "a@b.c", aal: "aal2" };
    const [row] = await migrator.begin(async (sql) => {
      await sql`select set_config('request.jwt.claims', ${JSON.stringify(claims)}, true)`;
      return sql`select auth.uid(), auth.role(), auth.email(), auth.jwt() ->> 'aal' as aal`;
    });
    expect(row).toEqual({ uid: claims.sub, role: claims.role, email: claims.email, aal: "aal2" });
    const [nobody] = await migrator`select auth.uid(), auth.role(), auth.jwt()`;
    expect(nobody).toEqual({ uid: null, role: null, jwt: null });
  });

  test("storage.foldername(), filename() and extension() take paths apart", async () => {
    const [row] = await migrator`
      select storage.foldername('a/b/c.tar.gz') as folder, storage.filename('a/b/c.tar.gz') as file,
        storage.extension('a/b/c.tar.gz') as extension, storage.foldername('c.txt') as none`;
    expect(row).toEqual({ folder: ["a", "b"], file: "c.tar.gz", extension: "gz", none: [] });
  });

  test("API roles reach nothing in auth, and only through policies in storage", async () => {
    const denied = migrator.begin(async (sql) => {
      await sql`set local role authenticated`;
      return sql`select * from auth.users`;
    });
    await expect(denied).rejects.toMatchObject({ code: "42501" });
    const rows = await migrator.begin(async (sql) => {
      await sql`set local role authenticated`;
      return sql`select * from storage.buckets`;
    });
    expect(rows).toHaveLength(0);
  });

  test("a trigger on accounts runs with Auth's few rights, unless it brings its own", async () => {
    const [row] = await migrator`
      select has_table_privilege('supabase_auth_admin', 'public.notes', 'insert') as direct,
        has_schema_privilege('supabase_auth_admin', 'extensions', 'usage') as extensions`;
    expect(row).toEqual({ direct: false, extensions: false });
  });
});

test("preparing a database again changes nothing", async () => {
  const shape = async () =>
    migrator`
      select n.nspname, c.relname, c.relowner::regrole::text as owner, c.relacl::text as acl, c.relrowsecurity
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('auth', 'storage', 'realtime') order by 1, 2`;
  const before = await shape();
  await prepareDatabase(database.adminUrl);
  expect(await shape()).toEqual(before);
});
