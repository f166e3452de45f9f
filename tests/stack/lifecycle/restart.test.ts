import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createStack, type Stack } from "../../../scripts/stack/create-stack.ts";
import { loadSigningKey } from "../../../scripts/stack/keys.ts";
import { resetStack } from "../../../scripts/stack/reset.ts";
import { cacheDir, makeProject, type Project } from "./project.ts";

let project: Project;
beforeAll(async () => {
  project = await makeProject();
});
afterAll(() => project[Symbol.asyncDispose]());

const lines: string[] = [];

function start(): Promise<Stack> {
  lines.length = 0;
  return createStack({
    root: project.root,
    dataDir: project.dataDir,
    cacheDir,
    ports: "free",
    log: (line) => lines.push(line),
  });
}

async function query(stack: Stack, text: string): Promise<unknown[]> {
  const sql = postgres(stack.dbUrl, { max: 1 });
  const rows = await sql.unsafe(text);
  await sql.end();
  return [...rows];
}

test("data, stored keys and deletions survive a restart, and a second start is quick", async () => {
  const first = await start();
  expect(lines).toContainEqual("Applying 1 migrations …");
  await query(first, "insert into public.notes values (2, 'kept')");
  // Seeded, then deleted by somebody: the seed has not changed, so it does not come back.
  await query(first, "delete from public.notes where id = 1");
  const key = await loadSigningKey(project.dataDir);
  await first.dispose();

  const startedAt = performance.now();
  const second = await start();
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  expect(lines).not.toContainEqual("Applying 1 migrations …");
  expect(await query(second, "select * from public.notes")).toEqual([{ id: 2, text: "kept" }]);
  expect(await loadSigningKey(project.dataDir)).toEqual(key);
  expect((await stat(join(project.dataDir, "signing-key.json"))).mode & 0o777).toBe(0o600);
  await second.dispose();
});

test("a new migration and a changed seed are applied at the next start", async () => {
  const migration = "supabase/migrations/20260102000000_add_author.sql";
  await project.write(migration, "alter table public.notes add column author text;");
  await project.write("supabase/seed.sql", "insert into public.notes values (3, 'new', 'anna');");
  await using stack = await start();
  expect(await query(stack, "select * from public.notes where id = 3")).toEqual([
    { id: 3, text: "new", author: "anna" },
  ]);
});

test("reset refuses while a stack runs, and then starts over", async () => {
  const running = await start();
  await expect(resetStack(project)).rejects.toMatchObject({ code: "already_running" });
  expect(await query(running, "select id from public.notes where id = 2")).toEqual([{ id: 2 }]);
  await running.dispose();

  expect(await resetStack(project)).toBe(0);
  expect(existsSync(project.dataDir)).toBe(false);
  await using fresh = await start();
  expect(await query(fresh, "select id from public.notes")).toEqual([{ id: 3 }]);
});

test("migrations run as postgres, who is no superuser and cannot change the platform's tables", async () => {
  await using stack = await start();
  expect(
    await query(
      stack,
      `select current_user as user, rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname = current_user`,
    ),
  ).toEqual([{ user: "postgres", rolsuper: false, rolbypassrls: true, rolcreaterole: true }]);
  await expect(query(stack, "alter table auth.users add column x int")).rejects.toMatchObject({
    code: "42501",
  });
  await expect(query(stack, "set role supabase_admin")).rejects.toMatchObject({ code: "42501" });
  expect(
    await query(
      stack,
      "select count(*)::int as columns from pg_attribute where attrelid = 'auth.users'::regclass and attname = 'x'",
    ),
  ).toEqual([{ columns: 0 }]);
});
