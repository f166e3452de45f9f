import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect } from "vitest";
import { test as base } from "../helpers/db.ts";
import { search } from "../helpers/db-screening.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const sample = join(root, "scripts/screening/sample-sanctions.xml");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nff-lists-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The command itself, as a person would call it. */
const test = base.extend<{ load: (...args: string[]) => Promise<{ code: number; said: string }> }>({
  load: async ({ database }, use) => {
    await use(async (...args) => {
      const child = spawn(process.execPath, [join(root, "scripts/screening-load.ts"), ...args], {
        cwd: folder,
        env: { PATH: process.env.PATH, SUPABASE_DB_URL: database.url },
      });
      const said = Promise.all([text(child.stdout), text(child.stderr)]);
      const [code] = await once(child, "close");
      return { code, said: (await said).join("") };
    });
  },
});

/** A copy of the sample with a change in it. */
async function changed(name: string, from: string | RegExp, to: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, (await readFile(sample, "utf8")).replace(from, to));
  return file;
}

// One after the other: each goes on from what the one before has loaded.
test("a list is loaded, found, loaded again without effect, and replaced", async ({
  load,
  database,
}) => {
  const find = async (name: string) =>
    (await search({ sql: database.client }, name, "1970-01-01")).map(({ ref }) => ref);

  expect(await load(sample, "--list", "un")).toEqual({
    code: 0,
    said: "un, version 2026-11-01T00:00:00.000Z: 4 people (4 new, 0 changed, 0 gone), 1 other records left out, 0 decided hits opened again.\n",
  });
  expect(await find("Владомир Петрович Грутченко")).toEqual(["RRi.001/9000001"]);
  expect(await find("Juan Pruebas")).toEqual(["RRi.004/9000004"]);

  expect(await load(sample, "--list", "un")).toEqual({
    code: 0,
    said: "un: this file is in force already.\n",
  });

  const next = await changed("un.xml", "Vlado the Grey", "Olgomir Neumann");
  expect(await load(next)).toMatchObject({
    code: 0,
    said: expect.stringContaining("4 people (0 new, 1 changed, 0 gone)"),
  });
  expect(await find("Olgomir Neumann")).toEqual(["RRi.001/9000001"]);
});

test("a broken list changes nothing, says where and fails", async ({ load, database }) => {
  const state = () => database.client`
    select l.version, l.content_sha256, count(e.*)::integer as entries
    from private.screening_lists as l join private.screening_entries as e using (list_name) group by l.list_name`;
  await load(sample, "--list", "safe");
  const before = [...(await state())];
  const broken = await changed("safe.xml", /<DATAID>9000003[\s\S]*/, "<DATAID>");
  const result = await load(broken);
  expect(result.code).toBe(1);
  expect(result.said).toMatch(/^The list was not loaded; what was in force still is\. Line \d+: /);
  const shrunk = await changed(
    "safe.xml",
    /<INDIVIDUAL>\s*<DATAID>9000002[\s\S]*<\/INDIVIDUALS>/,
    "</INDIVIDUALS>",
  );
  expect(await load(shrunk)).toMatchObject({
    code: 1,
    said: expect.stringContaining("would shrink from 4 to 1 entries. Give --allow-shrink"),
  });
  expect([...(await state())]).toEqual(before);
  expect(await load(shrunk, "--allow-shrink")).toMatchObject({ code: 0 });
});

test("wrong calls are explained", async ({ load }) => {
  for (const [args, message] of [
    [[], /^Name one file\./],
    [["a.xml", "b.xml"], /^Name one file\./],
    [["a.xml", "--kind", "gossip"], /^--kind gossip is none of sanctions, pep, adverse_media\./],
    [["A list!.xml"], /^The list cannot be called "a list!"/],
    [["a.xml", "--verbose"], /Unknown option '--verbose'/],
  ] as const) {
    const { code, said } = await load(...args);
    expect([code, said]).toEqual([2, expect.stringMatching(message)]);
    expect(said).toContain("Usage: npm run screening:load");
  }
  expect(await load("missing.xml")).toEqual({
    code: 1,
    said: expect.stringMatching(/There is no file .*missing\.xml\.\n$/),
  });
});

test("a database that is not there is said", async ({ load }) => {
  const { code, said } = await load(
    sample,
    "--database-url",
    "postgresql://postgres@127.0.0.1:1/none",
  );
  expect(code).toBe(1);
  expect(said).toMatch(/^The list was not loaded\. .*ECONNREFUSED/);
});

test("two loads of one list at once leave one whole list", async ({ load, database }) => {
  const results = await Promise.all([
    load(sample, "--list", "twice"),
    load(sample, "--list", "twice"),
  ]);
  expect(results.map(({ code }) => code)).toEqual([0, 0]);
  const [row] = await database.client`
    select count(*)::integer as entries from private.screening_entries where list_name = 'twice'`;
  expect(row).toEqual({ entries: 4 });
});
