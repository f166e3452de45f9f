import { describe, expect } from "vitest";
import { anon, type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createStaff } from "../../../helpers/db-fixtures.ts";
import { loadList, search } from "../../../helpers/db-screening.ts";

const ENTRIES = [
  {
    ref: "T-1",
    name: "GRUTSCHENKO, Vladomir Petrowitsch",
    aliases: ["Владомир Грутченко", "Vlado the Grey"],
    birth_dates: ["1970-05-01"],
    birth_years: [1970],
  },
  { ref: "T-2", name: "Abdul Rahman al-Testani", aliases: [], birth_years: [] },
  { ref: "T-3", name: "Musafiri", aliases: [], birth_years: [1980] },
  { ref: "T-4", name: "Mohammed Testovic", aliases: [], birth_years: [1960, 1961, 1962] },
  { ref: "T-5", name: "تستاني عبدالرحمن", aliases: [], birth_years: [1955] },
];

const refs = async (db: Db, name: string, born: string | null = "1970-01-01") =>
  (await search(db, name, born)).map(({ ref }) => ref);

describe("found", () => {
  const found: readonly [string, string, string | null, string, number][] = [
    ["the name as listed", "Vladomir Petrowitsch Grutschenko", "1970-05-01", "T-1", 1],
    ["in another order and case", "grutschenko PETROWITSCH vladomir", "1970-01-01", "T-1", 1],
    ["an alias", "Vlado the Grey", "1970-01-01", "T-1", 1],
    ["an alias in another script", "Владомир Грутченко", "1970-01-01", "T-1", 1],
    ["a transliteration of it", "Vladomir Grutchenko", "1970-01-01", "T-1", 1],
    ["another transliteration", "Wladomir Grutchenko", "1970-01-01", "T-1", 0.99],
    ["two letters apart", "Vladimir Grutchenkow", "1970-01-01", "T-1", 0.65],
    ["without the name in the middle", "Vladomir Grutschenko", "1970-01-01", "T-1", 0.82],
    ["written as one word", "Abdulrahman al Testani", "1990-01-01", "T-2", 0.83],
    ["written as more words", "Abdul Rahman al Testani", "1990-01-01", "T-2", 1],
    ["a listed name of one word", "Musafiri", "1980-01-01", "T-3", 1],
    ["another way to spell a sound", "Muhammad Testovich", "1961-01-01", "T-4", 0.6],
    ["a name in Arabic letters", "عبدالرحمن تستاني", "1955-01-01", "T-5", 1],
    ["somebody whose birth date is not known", "Vladomir Grutschenko", null, "T-1", 0.82],
  ];
  for (const [what, name, born, ref, score] of found) {
    test(what, async ({ db }) => {
      await loadList(db, ENTRIES);
      expect(await search(db, name, born)).toMatchObject([{ ref, score }]);
    });
  }
});

describe("not found", () => {
  for (const [what, name] of [
    ["a near miss below the threshold", "Wladimir Grutsch"],
    ["a shared first name", "Vladomir Schmidt"],
    ["a shared last name", "Anna Grutschenko"],
    ["only short words in common", "The Al Bin"],
    ["nothing that is a name", "---"],
    ["somebody else", "Anna Schmidt"],
  ] as const) {
    test(what, async ({ db }) => {
      await loadList(db, ENTRIES);
      expect(await refs(db, name)).toEqual([]);
    });
  }
});

test("the threshold decides, to the hundredth", async ({ db }) => {
  await loadList(db, ENTRIES);
  const [match] = await search(db, "Vladimir Grutchenkow", "1970-01-01");
  const [exact] = await db.sql<{ score: number }[]>`
    select score from private.screening_search('Vladimir Grutchenkow', '1970-01-01')`;
  const at = exact?.score ?? 0;
  expect(match?.ref).toBe("T-1");
  await db.sql`update private.settings set screening_threshold = ${at}`;
  expect(await refs(db, "Vladimir Grutchenkow")).toEqual(["T-1"]);
  await db.sql`update private.settings set screening_threshold = ${at + 0.001}`;
  expect(await refs(db, "Vladimir Grutchenkow")).toEqual([]);
});

test("the year of birth may differ by the tolerance and no more", async ({ db }) => {
  await loadList(db, ENTRIES);
  const name = "Vladomir Grutschenko";
  expect(await refs(db, name, "1971-12-31")).toEqual(["T-1"]);
  expect(await refs(db, name, "1969-01-01")).toEqual(["T-1"]);
  expect(await refs(db, name, "1972-01-01")).toEqual([]);
  await db.sql`update private.settings set screening_birth_year_tolerance = 0`;
  expect(await refs(db, name, "1970-12-31")).toEqual(["T-1"]);
  expect(await refs(db, name, "1971-01-01")).toEqual([]);
});

test("a listed range fits each of its years, and an unknown year everybody", async ({ db }) => {
  await loadList(db, ENTRIES);
  expect(await refs(db, "Mohammed Testovic", "1959-06-01")).toEqual(["T-4"]);
  expect(await refs(db, "Mohammed Testovic", "1963-06-01")).toEqual(["T-4"]);
  expect(await refs(db, "Mohammed Testovic", "1965-06-01")).toEqual([]);
  for (const born of ["1920-01-01", "2005-01-01"])
    expect(await refs(db, "Abdul Rahman al-Testani", born)).toEqual(["T-2"]);
});

test("the most similar come first, at most as many as the settings say", async ({ db }) => {
  await loadList(db, [
    { ref: "A", name: "Ilse Testmanova" },
    { ref: "B", name: "Ilse Testmanow" },
    { ref: "C", name: "Ilsa Testmanova" },
  ]);
  expect((await refs(db, "Ilse Testmanova"))[0]).toBe("A");
  expect(await refs(db, "Ilse Testmanova")).toHaveLength(3);
  await db.sql`update private.settings set screening_max_hits = 1`;
  expect(await refs(db, "Ilse Testmanova")).toEqual(["A"]);
});

test("names are data: nothing in them is read as SQL, a pattern or an array", async ({ db }) => {
  await loadList(db, [{ ref: "A", name: `Robert'); drop table "x" Tables` }]);
  expect(await refs(db, `Robert'); drop table "x" Tables`)).toEqual(["A"]);
  for (const name of ["%", "{}", "{a,b}", "\\", "(((((", "a".repeat(300)])
    expect(await refs(db, name)).toEqual([]);
});

test("no API role can search the lists or read them", async ({ db }) => {
  await loadList(db, ENTRIES);
  const staff = user(await createStaff(db, "compliance_admin"));
  for (const as of [anon, service, staff]) {
    await expectDenied(db, "42501", {
      as,
      does: (sql) => sql`select * from private.screening_search('Vlado the Grey', null)`,
      keeps: (sql) => sql`select count(*) from private.screening_entries`,
    });
    await expectDenied(db, "42501", {
      as,
      does: (sql) => sql`select * from private.screening_entries`,
      keeps: (sql) => sql`select count(*) from private.screening_entries`,
    });
  }
});
