/** Repeatable numbers from 0 to below 1 (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SYLLABLES =
  "al an ar bar be ben bo ca chen da de di dri el fa fer ga gon ha he her hu i iv ja jo ka ko kra la le li lo lu ma mar me mi mo mul na ne ni no o pa pet ra re ri ro ru sa sch se sha si smi so ste su ta te ti to tu va ve vi wa we ya yu za zo".split(
    " ",
  );
const FIRST_ENDS = "n r s m d l k t h nd rt hn na ra lia med slav ric bert".split(" ");
const LAST_ENDS = "n r s ov ova sky ez son mann ini er vic ian ko ley th ski oglu sen".split(" ");
const FIRST_NAMES = 6_000;
const LAST_NAMES = 80_000;
/** Real lists lack the year of birth of many a person. */
const UNKNOWN_YEARS = 0.3;

export interface InventedPerson {
  readonly first: string;
  readonly middle: string;
  readonly last: string;
  readonly year: number;
}

/** Invented people whose names are as unevenly common as real ones; the same for the same seed. */
export class InventedPeople {
  readonly #random: () => number;
  readonly #firsts: readonly string[];
  readonly #lasts: readonly string[];

  constructor(seed: number) {
    // The names are the same for every seed: otherwise nobody would resemble anybody.
    const names = numbers(1);
    const invent = (ends: readonly string[]) => {
      const length = names() < 0.5 ? 2 : 3;
      const syllables = Array.from({ length }, () => pick(SYLLABLES, names()));
      return capital(syllables.join("") + pick(ends, names()));
    };
    this.#firsts = Array.from({ length: FIRST_NAMES }, () => invent(FIRST_ENDS));
    this.#lasts = Array.from({ length: LAST_NAMES }, () => invent(LAST_ENDS));
    this.#random = numbers(seed);
  }

  /** 0 to below 1. */
  random(): number {
    return this.#random();
  }

  next(): InventedPerson {
    // The cube makes some names a hundred times as common as others.
    const common = () => this.#random() ** 3;
    return {
      first: pick(this.#firsts, common()),
      middle: this.#random() < 0.4 ? pick(this.#firsts, common()) : "",
      last: pick(this.#lasts, common()),
      year: 1930 + Math.floor(this.#random() * 75),
    };
  }
}

function pick(list: readonly string[], share: number): string {
  return list[Math.floor(share * list.length)] ?? "";
}

const capital = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

/** One letter of a word is another one. */
export function misspell(word: string, share: number): string {
  const place = 1 + Math.floor(share * (word.length - 1));
  const letter = word[place] === "a" ? "e" : "a";
  return word.slice(0, place) + letter + word.slice(place + 1);
}

export const nameOf = ({ first, middle, last }: InventedPerson) =>
  [first, middle, last].filter(Boolean).join(" ");

function record(person: InventedPerson, id: number, random: number): string {
  const { first, middle, last, year } = person;
  const alias =
    random < 0.5
      ? `<akaList><aka><uid>1</uid><firstName>${misspell(first, random)}</firstName><lastName>${last}</lastName></aka></akaList>`
      : "";
  const born =
    random > UNKNOWN_YEARS
      ? `<dateOfBirthList><dateOfBirthItem><uid>2</uid><dateOfBirth>${year}</dateOfBirth></dateOfBirthItem></dateOfBirthList>`
      : "";
  return (
    `<sdnEntry><uid>${id}</uid><firstName>${[first, middle].filter(Boolean).join(" ")}</firstName><lastName>${last}</lastName>` +
    `<sdnType>Individual</sdnType>${alias}${born}</sdnEntry>\n`
  );
}

const PER_PIECE = 1_000;

/** A list of so many people in the format of the OFAC SDN list, piece by piece. */
export async function* inventedList(count: number): AsyncGenerator<Uint8Array> {
  const people = new InventedPeople(2);
  const encoder = new TextEncoder();
  yield encoder.encode(
    "<sdnList><publshInformation><Publish_Date>01/01/2026</Publish_Date></publshInformation>",
  );
  for (let from = 0; from < count; from += PER_PIECE) {
    const size = Math.min(PER_PIECE, count - from);
    const records = Array.from({ length: size }, (_, index) =>
      record(people.next(), from + index, people.random()),
    );
    yield encoder.encode(records.join(""));
  }
  yield encoder.encode("</sdnList>");
}
