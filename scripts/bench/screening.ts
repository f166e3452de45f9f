import { loadList } from "../screening/load-list.ts";
import type { BenchContext } from "./context.ts";
import { InventedPeople, inventedList, misspell, nameOf } from "./invented-people.ts";
import { percentile } from "./load.ts";
import type { Figure } from "./report.ts";

const ENTRIES = 1_000_000;
const SCREENINGS = 400;
const LISTED = 100;
const TOLD_EVERY = 100_000;

interface Timed {
  readonly milliseconds: number;
  readonly hits: readonly { ref: string }[];
}

async function screen({ sql }: BenchContext, name: string, year: number): Promise<Timed> {
  const started = performance.now();
  const hits = await sql<{ ref: string }[]>`
    select entry.entry_ref as ref
    from private.screening_search(${name}, ${`${year}-06-15`}) as found
    join private.screening_entries as entry using (entry_id)`;
  return { milliseconds: performance.now() - started, hits };
}

/** Loads the list; gives the entries per second. */
async function load(context: BenchContext): Promise<number> {
  const started = performance.now();
  await loadList(
    context.sql,
    { open: () => inventedList(ENTRIES), source: "invented", list: "bench", kind: "sanctions" },
    {
      progress: (entries) => {
        if (entries % TOLD_EVERY === 0) context.log(`${entries} people read`);
      },
    },
  );
  // As autovacuum would within a minute.
  await context.sql`vacuum analyze private.screening_names, private.screening_words, private.screening_entries`;
  return ENTRIES / ((performance.now() - started) / 1000);
}

async function screenStrangers(context: BenchContext): Promise<Timed[]> {
  const people = new InventedPeople(3);
  const timed: Timed[] = [];
  for (let count = 0; count < SCREENINGS; count += 1) {
    const person = people.next();
    timed.push(await screen(context, nameOf(person), person.year));
  }
  return timed;
}

/** People of the list, each with one letter of the last name wrong: how many of them are found. */
async function screenListed({ sql, ...context }: BenchContext): Promise<number> {
  const listed = await sql<{ ref: string; name: string; year: number }[]>`
    select entry_ref as ref, name, coalesce(birth_years[1], 1980) as year from private.screening_entries
    where entry_id % ${ENTRIES / LISTED} = 0`;
  let found = 0;
  for (const { ref, name, year } of listed) {
    const words = name.split(" ");
    const last = words.pop() ?? "";
    const { hits } = await screen(
      { sql, ...context },
      [...words, misspell(last, 0.5)].join(" "),
      year,
    );
    if (hits.some((hit) => hit.ref === ref)) found += 1;
  }
  return found / listed.length;
}

/** Looking people up in a list of a million: how long it takes, and whether it finds them. */
export async function screening(context: BenchContext): Promise<Figure[]> {
  context.log(`loading a list of ${ENTRIES} invented people …`);
  const perSecond = await load(context);
  const [size] = await context.sql<{ names: number; words: number; megabytes: number }[]>`
    select (select count(*)::integer from private.screening_names) as names,
      (select count(*)::integer from private.screening_words) as words,
      (pg_total_relation_size('private.screening_names') + pg_total_relation_size('private.screening_words')
        + pg_total_relation_size('private.screening_entries')) / 1048576.0 as megabytes`;
  // The first ones fetch the pages that all later ones find in memory.
  await screenStrangers(context);
  const timed = await screenStrangers(context);
  const times = timed.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const hits = timed.reduce((sum, one) => sum + one.hits.length, 0) / timed.length;
  const recall = await screenListed(context);
  return [
    {
      name: "one screening, median",
      value: percentile(times, 0.5),
      unit: "ms",
      goal: { atMost: 50 },
    },
    { name: "one screening, p95", value: percentile(times, 0.95), unit: "ms" },
    { name: "one screening, slowest", value: times.at(-1) ?? Number.NaN, unit: "ms" },
    { name: "listed people found, one letter wrong", value: recall * 100, unit: "%" },
    { name: "hits per stranger of a common name", value: hits, unit: "" },
    { name: "names", value: size?.names ?? 0, unit: "" },
    { name: "different words", value: size?.words ?? 0, unit: "" },
    { name: "tables and indexes", value: Number(size?.megabytes ?? 0), unit: "MB" },
    { name: "loading, entries", value: perSecond, unit: "/s" },
  ];
}
