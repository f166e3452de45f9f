import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { anon, type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createStaff } from "../../../helpers/db-fixtures.ts";
import { type Entry, loadList, search } from "../../../helpers/db-screening.ts";

const FIRST: readonly Entry[] = [
  { ref: "A", name: "Vladomir Grutschenko", birth_years: [1970] },
  { ref: "B", name: "Ilse Testmanova", aliases: ["Ilsa T.", "Ella Testmanova"] },
  { ref: "C", name: "Juan Pruebas" },
];

const refs = async (db: Db, name: string) => (await search(db, name, null)).map(({ ref }) => ref);

const content = ({ sql }: Db) => sql`
  select entry.list_name, entry.entry_ref, entry.name, entry.entry_hash,
    array_agg(name.normalised order by name.normalised) as names
  from private.screening_entries as entry join private.screening_names as name using (entry_id)
  group by entry.entry_id order by 1, 2`;

test("a first version comes in whole", async ({ db }) => {
  expect(await loadList(db, FIRST)).toEqual({
    list: "test-list",
    version: "1",
    total: 3,
    added: 3,
    changed: 0,
    removed: 0,
    unchanged: 0,
    reopened: 0,
  });
  expect(await refs(db, "Ella Testmanova")).toEqual(["B"]);
  const [list] = await db.sql`select version, source, entry_count from private.screening_lists`;
  expect(list).toEqual({ version: "1", source: "test.xml", entry_count: 3 });
  const [audit] = await db.sql`
    select action, subject_id, details::jsonb ->> 'added' as added from private.audit_log where stream = 'screening'`;
  expect(audit).toEqual({ action: "screening.list_loaded", subject_id: "test-list", added: "3" });
});

test("a next version replaces what changed and leaves the rest alone", async ({ db }) => {
  await loadList(db, FIRST);
  const [before] =
    await db.sql`select entry_id from private.screening_entries where entry_ref = 'A'`;
  const next: readonly Entry[] = [
    FIRST[0] ?? { ref: "", name: "" },
    { ref: "B", name: "Ilse Testmanova", aliases: ["Ella Testmanova", "Olga Neumann"] },
    { ref: "D", name: "Pekka Kokeilu" },
  ];
  expect(await loadList(db, next, { version: "2" })).toMatchObject({
    total: 3,
    added: 1,
    changed: 1,
    removed: 1,
    unchanged: 1,
  });
  const [after] =
    await db.sql`select entry_id from private.screening_entries where entry_ref = 'A'`;
  expect(after).toEqual(before);
  expect(await refs(db, "Olga Neumann")).toEqual(["B"]);
  expect(await refs(db, "Pekka Kokeilu")).toEqual(["D"]);
  expect(await refs(db, "Juan Pruebas")).toEqual([]);
});

test("the same list again changes nothing, in whatever order it comes", async ({ db }) => {
  await loadList(db, FIRST);
  const before = await content(db);
  const shuffled = FIRST.toReversed().map((entry) => ({
    ...entry,
    aliases: [...(entry.aliases ?? []), ...(entry.aliases ?? [])].toReversed(),
  }));
  expect(await loadList(db, shuffled)).toMatchObject({ added: 0, changed: 0, unchanged: 3 });
  expect([...(await content(db))]).toEqual([...before]);
});

test.for<[string, Partial<Entry>]>([
  ["its name", { name: "Ilse Testmanowa" }],
  ["an alias", { aliases: ["Ilsa T."] }],
  ["a birth date", { birth_dates: ["1980"], birth_years: [1980] }],
  ["a country", { countries: ["Ruritania"] }],
  ["its kind", { kind: "pep" }],
])("an entry has changed when %s has", async ([, change], { db }) => {
  await loadList(db, FIRST);
  const next = FIRST.map((entry) => (entry.ref === "B" ? { ...entry, ...change } : entry));
  expect(await loadList(db, next)).toMatchObject({ changed: 1, unchanged: 2 });
});

test("lists do not touch each other, though they use the same ids", async ({ db }) => {
  await loadList(db, FIRST, { list: "one" });
  await loadList(db, [{ ref: "A", name: "Olga Neumann" }], { list: "other" });
  expect(await search(db, "Olga Neumann", null)).toHaveLength(1);
  expect(await search(db, "Vladomir Grutschenko", null)).toHaveLength(1);
  await loadList(db, [{ ref: "Z", name: "Niemand Nirgends" }], { list: "other" });
  expect(await refs(db, "Vladomir Grutschenko")).toEqual(["A"]);
  expect(await refs(db, "Olga Neumann")).toEqual([]);
});

test("an empty list and one that lost most entries are refused, and the old one stays", async ({
  db,
}) => {
  await loadList(db, FIRST);
  const refused = (entries: readonly Entry[]) =>
    expectDenied(db, "NF001", {
      as: { role: "postgres" },
      does: (sql) => loadList({ sql }, entries),
      keeps: () => content(db),
    });
  await refused([]);
  await loadList(db, [...FIRST, { ref: "D", name: "Pekka Kokeilu" }]);
  await refused([{ ref: "A", name: "Vladomir Grutschenko" }]);
  // Half of them is not most of them, and whoever knows better can say so.
  expect(await loadList(db, FIRST.slice(0, 2))).toMatchObject({ total: 2, removed: 2 });
  expect(
    await loadList(db, [{ ref: "X", name: "Nur Einer" }], { allowShrink: true }),
  ).toMatchObject({ total: 1 });
});

test("an entry that comes twice is refused", async ({ db }) => {
  await expectDenied(db, "NF001", {
    as: { role: "postgres" },
    does: (sql) => loadList({ sql }, [...FIRST, { ref: "A", name: "Again" }]),
    keeps: (sql) => sql`select count(*) from private.screening_staging`,
  });
});

test("what is staged is not in force", async ({ db }) => {
  await db.sql`select private.screening_stage(${randomUUID()}, ${db.sql.json([
    {
      ref: "A",
      kind: "sanctions",
      name: "Vladomir Grutschenko",
      aliases: [],
      birth_dates: [],
      birth_years: [],
      countries: [],
    },
  ])})`;
  expect(await search(db, "Vladomir Grutschenko", null)).toEqual([]);
});

test("no API role can load a list", async ({ db }) => {
  const staff = user(await createStaff(db, "admin", "compliance_admin"));
  for (const as of [anon, service, staff]) {
    await expectDenied(db, "42501", {
      as,
      does: (sql) => loadList({ sql }, FIRST),
      keeps: (sql) => sql`select * from private.screening_lists`,
    });
  }
});
