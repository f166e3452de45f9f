import postgres from "postgres";
import { expect } from "vitest";
import { Db } from "../helpers/db.ts";
import { move } from "../helpers/db-fixtures.ts";
import { approved, newName, test } from "../helpers/db-rescreening.ts";
import { createSubmittedApplicant, loadList } from "../helpers/db-screening.ts";

test("the look-up by entry leaves out nobody whom the look-up by person finds", async ({ db }) => {
  const firsts = ["Ali", "Mohammed", "Anna Maria", "Jean-Luc", "Li", "Олександр", "Abdul Rahman"];
  const lasts = ["Wu", "al Hassan bin Karim", "O'Neill", "Grutschenko", "Müller Schmidt", "Ōta"];
  const people = firsts.flatMap((first) => lasts.map((last) => ({ first, last })));
  for (const who of people) await createSubmittedApplicant(db, who);
  const spelt = [
    "Mohamed Hasan",
    "Muhammad Al-Hassan Karim Ali",
    "Li Wu Zhang Chen",
    "Wu",
    "Abdulrahman Grutchenko",
    "Anna Oneil",
    "Oleksandr Mueller",
    "Jean Luc Ota",
    "Maria Anna Schmid",
    "Karim Ali",
    "Zorro",
  ];
  await loadList(
    db,
    spelt.flatMap((name, at) => [
      { ref: `any-${at}`, name },
      { ref: `fit-${at}`, name, birth_years: [1969] },
      { ref: `not-${at}`, name, birth_years: [1911] },
    ]),
    { list: "spelt" },
  );
  const missed = await db.sql`
    select noted.normalised, match.matched_name
    from private.screening_people as noted
    join private.kyc_attempts as a using (verification_id)
    cross join lateral private.kyc_identities(a) as told
    cross join lateral private.screening_search(told.name, told.birth_date) as match
    join private.screening_entries as entry using (entry_id)
    where entry.list_name = 'spelt'
      and noted.verification_id not in (select private.screening_people_like(match.entry_id))`;
  expect([...missed]).toEqual([]);
  const [found] = await db.sql<{ found: number }[]>`
    select count(*)::integer as found from private.screening_entries as entry
    cross join lateral private.screening_people_like(entry.entry_id) where entry.entry_ref like 'fit-%'`;
  expect(found?.found).toBeGreaterThan(20);
  const [unfit] = await db.sql<{ found: number }[]>`
    select count(*)::integer as found from private.screening_entries as entry
    cross join lateral private.screening_people_like(entry.entry_id) where entry.entry_ref like 'not-%'`;
  expect(unfit?.found).toBe(0);
});

test("a word goes with the last person who has it, and stays for one who is just coming", async ({
  database,
  keep,
}) => {
  const last = newName();
  const word = last.toLowerCase();
  const isKnown = async () =>
    (await database.client`select from private.screening_people_words where word = ${word}`)
      .length > 0;
  const end = (person: { verificationId: string }) =>
    keep((db) => move(db, person.verificationId, "expired", "scheduler"));
  const [one, two] = await keep(async (db) => [await approved(db, last), await approved(db, last)]);
  await end(one);
  expect(await isKnown()).toBe(true);

  const meanwhile = postgres(database.url, { max: 1, onnotice: () => {} });
  const outcome: { three?: { verificationId: string } } = {};
  try {
    await meanwhile.begin(async (sql) => {
      outcome.three = await approved(new Db(sql), last);
      await end(two);
    });
  } finally {
    await meanwhile.end();
  }
  expect(await isKnown()).toBe(true);
  if (!outcome.three) throw new Error("Nobody came.");
  await end(outcome.three);
  expect(await isKnown()).toBe(false);
});
