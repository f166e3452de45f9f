import { createReadStream, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { birthYears } from "../../scripts/screening/birth-years.ts";
import { type ListEntry, ListReader } from "../../scripts/screening/read-list.ts";

const samples = new URL("../../scripts/screening/", import.meta.url);
const readSample = (name: string) => readFileSync(new URL(name, samples), "utf8");
const SANCTIONS = readSample("sample-sanctions.xml");
const PEP = readSample("sample-pep.xml");

async function* pieces(bytes: Uint8Array, size: number) {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function read(text: string | Uint8Array, size = 65_536) {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const warnings: string[] = [];
  const reader = new ListReader(pieces(bytes, size), (warning) => warnings.push(warning));
  const entries: ListEntry[] = [];
  for await (const entry of reader.entries()) entries.push(entry);
  return { reader, entries, warnings };
}

describe("the UN consolidated list", () => {
  test("people with their names, aliases, dates and countries; organisations are left out", async () => {
    const { reader, entries, warnings } = await read(SANCTIONS);
    expect(entries).toEqual([
      {
        ref: "RRi.001/9000001",
        name: "VLADOMIR PETROWITSCH GRUTSCHENKO",
        aliases: ["Wladomir Grutchenko", "Vlado the Grey", "Владомир Петрович Грутченко"],
        birth_dates: ["1970-05-01"],
        birth_years: [1970],
        countries: ["Ruritania", "Ruritania"],
      },
      expect.objectContaining({
        aliases: ["Abdurrahman at-Testani", "عبد الرحمن التستاني"],
        birth_dates: ["1961 to 1965"],
        birth_years: [1961, 1962, 1963, 1964, 1965],
      }),
      expect.objectContaining({
        name: "ÉMILE-ODILON FAUXNOM",
        aliases: [],
        birth_dates: ["circa 1958"],
        birth_years: [1956, 1957, 1958, 1959, 1960],
      }),
      expect.objectContaining({ birth_dates: [], birth_years: [], countries: [] }),
    ]);
    expect(reader).toMatchObject({ version: "2026-11-01T00:00:00.000Z", skipped: 1 });
    expect(warnings).toEqual([]);
  });
});

describe("the OFAC list", () => {
  test("people with their names, aliases, dates and countries; organisations are left out", async () => {
    const { reader, entries } = await read(PEP);
    expect(entries).toEqual([
      {
        ref: "800001",
        name: "Ilse TESTMANOVA",
        aliases: ["Ilse TESTMANN", "The Cloud"],
        birth_dates: ["02 Mar 1966"],
        birth_years: [1966],
        countries: ["Ruritania"],
      },
      expect.objectContaining({ countries: ["Grand Fenwick"], birth_dates: ["circa 1950"] }),
      expect.objectContaining({ birth_years: [1948, 1949, 1950, 1951] }),
    ]);
    expect(reader).toMatchObject({ version: "11/01/2026", skipped: 1 });
  });
});

test.each([1, 2, 7, 64, 1000])(
  "pieces of %i bytes give the same, also through a letter",
  async (size) => {
    expect((await read(SANCTIONS, size)).entries).toEqual((await read(SANCTIONS)).entries);
  },
);

test("a long list is never held as a whole", async () => {
  const entry = (n: number) =>
    `<INDIVIDUAL><DATAID>${n}</DATAID><FIRST_NAME>Person ${n}</FIRST_NAME></INDIVIDUAL>`;
  async function* endless() {
    yield new TextEncoder().encode("<CONSOLIDATED_LIST><INDIVIDUALS>");
    for (let n = 0; ; n += 1) yield new TextEncoder().encode(entry(n));
  }
  let seen = 0;
  for await (const { ref } of new ListReader(endless(), () => {}).entries()) {
    expect(ref).toBe(String(seen));
    seen += 1;
    if (seen === 20_000) break;
  }
  expect(seen).toBe(20_000);
});

const list = (inside: string) =>
  `<CONSOLIDATED_LIST>\n<INDIVIDUALS>\n${inside}\n</INDIVIDUALS>\n</CONSOLIDATED_LIST>`;
const person = (inside: string) => `<INDIVIDUAL>\n${inside}\n</INDIVIDUAL>`;

describe("a file that is refused says where", () => {
  const faults: readonly [string, string | Uint8Array, RegExp][] = [
    ["nothing", "", /^The file is empty\.$/],
    ["no XML", "name,born\nAnna,1990", /^Line 1: this is no well-formed XML/],
    ["another root", "<people>\n</people>", /^Line 1: the file begins with <people>/],
    ["a file that breaks off", SANCTIONS.slice(0, 1500), /^Line \d+: .*Unclosed root tag/],
    ["a tag that does not fit", list("<INDIVIDUAL>\n</PERSON>"), /^Line 4: .*Unexpected close tag/],
    [
      "an unknown entity",
      list(person("<DATAID>&secret;</DATAID>")),
      /^Line 4: .*Invalid character entity/,
    ],
    ["no id", list(person("<FIRST_NAME>A</FIRST_NAME>")), /^Line 3: the entry has no id\.$/],
    ["no name", list(person("<DATAID>7</DATAID>")), /^Line 3: the entry 7 has no name\.$/],
    [
      "an id that comes twice",
      list(
        [1, 1].map((id) => person(`<DATAID>${id}</DATAID><FIRST_NAME>A</FIRST_NAME>`)).join("\n"),
      ),
      /^Line 6: the entry 1 stands in line 3 already\.$/,
    ],
    ["nobody", list(""), /^The file holds no people\.$/],
    [
      "another encoding",
      new Uint8Array([0x3c, 0x61, 0xff, 0xfe, 0x3e]),
      /^The file is not UTF-8\.$/,
    ],
  ];
  test.each(faults)("%s", async (_what, text, message) => {
    await expect(read(text)).rejects.toThrow(message);
    await expect(read(text)).rejects.toMatchObject({ name: "ListError" });
  });
});

test("a document type is not read: nothing outside is fetched or multiplied", async () => {
  const bomb = `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>\n`;
  for (const entity of ["a", "b", "c"]) {
    await expect(read(bomb + list(person(`<DATAID>&${entity};</DATAID>`)))).rejects.toThrow(
      /^Line 5: .*Invalid character entity/,
    );
  }
});

test("a birth date without a year is warned of, and the entry fits every year", async () => {
  const { entries, warnings } = await read(PEP.replace("circa 1950", "unknown"));
  expect(entries[1]).toMatchObject({ birth_dates: ["unknown"], birth_years: [] });
  expect(warnings).toEqual([
    'Line 23: the birth date "unknown" of 800002 says no year, so the entry fits every year.',
  ]);
});

test.each([
  ["1970-05-01", [1970]],
  ["01 May 1970", [1970]],
  ["May 1970", [1970]],
  ["1970", [1970]],
  ["circa 1970", [1968, 1969, 1970, 1971, 1972]],
  ["1968 to 1970", [1968, 1969, 1970]],
  ["01 Jan 1968 to 31 Dec 1969", [1968, 1969]],
  ["1968-1970", [1968, 1969, 1970]],
  ["1970; 1974", [1970, 1974]],
  ["1900 to 1999", null],
  ["in spring", null],
  ["", null],
])("the years of %j", (published, years) => {
  expect(birthYears(published)).toEqual(years);
});

test("the samples are files that can be read as a stream", async () => {
  const reader = new ListReader(createReadStream(new URL("sample-pep.xml", samples)), () => {});
  const refs: string[] = [];
  for await (const { ref } of reader.entries()) refs.push(ref);
  expect(refs).toEqual(["800001", "800002", "800003"]);
});
