import { expect } from "vitest";
import { type Db, test } from "../../../helpers/db.ts";

const normal = async ({ sql }: Db, name: string) => {
  const [row] = await sql<{ name: string }[]>`select private.normalise_name(${name}) as name`;
  return row?.name;
};

const sounds = async ({ sql }: Db, name: string) => {
  const [row] = await sql<{ words: string[] }[]>`
    select private.name_sounds(private.clean_name(${name})) as words`;
  return row?.words;
};

test.for([
  ["case and order", "SCHMIDT Anna", "anna schmidt"],
  ["accents", "Éléonore Nuñez", "eleonore nunez"],
  ["accents written as marks of their own", "E\u0301le\u0301onore Nun\u0303ez", "eleonore nunez"],
  ["letters that no accent explains", "Łukasz Ørsted-Þorn", "lukasz orsted thorn"],
  ["umlauts, written with e or not", "Müller", "muller"],
  ["the same with e", "Mueller", "muller"],
  ["ß", "Groß", "gross"],
  ["a dotted I", "İPEK", "ipek"],
  ["apostrophes", "O’Neil D'Arcy", "darcy oneil"],
  ["punctuation and blanks", "  al-Testani,  Dr. (Abu) ", "abu al dr testani"],
  ["Cyrillic", "Юрий Щербаков", "shcherbakov yuriy"],
  ["Ukrainian", "Ґалина Іващенко", "galina ivashchenko"],
  ["Greek", "Γιώργος Παπάς", "giorgos papas"],
  ["a script without letters", "王小明", "王小明"],
  ["vowel marks of Arabic", "مُحَمَّد", "محمد"],
  ["nothing that is a name", "--- ’’ ---", ""],
])("%s", async ([, name, expected], { db }) => {
  expect(await normal(db, name ?? "")).toBe(expected);
});

test("nothing stays nothing", async ({ db }) => {
  const [row] = await db.sql`select private.normalise_name(null) as name`;
  expect(row?.name).toBeNull();
});

test.for([
  ["Mohammed", "Mohamed"],
  ["Sergey", "Sergei"],
  ["Usama", "Osama"],
  ["Khalid", "Halid"],
  ["Oskar", "Oscar"],
  ["Wladimir", "Vladimir"],
  ["Juri", "Yuri"],
  ["Philipp", "Filip"],
])("%s sounds like %s", async ([one = "", other = ""], { db }) => {
  expect(await sounds(db, one)).toEqual(await sounds(db, other));
  expect(await normal(db, one)).not.toBe(await normal(db, other));
});

test("neighbours are joined in longer names only", async ({ db }) => {
  const [row] = await db.sql`
    select private.joined_words('{abdul,rahman,tistani}') as three, private.joined_words('{ana,smit}') as two,
      private.joined_words('{al,lah,x}') as doubled`;
  expect(row).toEqual({
    three: ["abdulrahman", "rahmantistani"],
    two: [],
    doubled: ["alah", "lahx"],
  });
});
