import { birthYears } from "./birth-years.ts";
import { FORMATS, type ListFormat, type Publication } from "./formats.ts";
import { ListError } from "./list-error.ts";
import { type XmlElement, XmlRecords } from "./xml-records.ts";

/** An entry as private.screening_stage() takes it. */
export interface ListEntry {
  readonly ref: string;
  readonly name: string;
  readonly aliases: readonly string[];
  readonly birth_dates: readonly string[];
  /** Empty when not every published date says a year: then the entry fits everybody. */
  readonly birth_years: readonly number[];
  readonly countries: readonly string[];
}

const MAX_NAME = 300;
const MAX_REF = 128;

/** A list that is read piece by piece; what it says of itself is known when the entries have been read. */
export class ListReader {
  readonly #chunks: AsyncIterable<Uint8Array>;
  readonly #lineOf = new Map<string, number>();
  readonly #warn: (message: string) => void;
  #format: ListFormat | undefined;
  #version: string | undefined;
  #skipped = 0;

  constructor(chunks: AsyncIterable<Uint8Array>, warn: (message: string) => void) {
    this.#chunks = chunks;
    this.#warn = warn;
  }

  get format(): ListFormat | undefined {
    return this.#format;
  }

  /** What the publisher calls this version. */
  get version(): string | undefined {
    return this.#version;
  }

  /** Organisations, ships and the like, which are not screened. */
  get skipped(): number {
    return this.#skipped;
  }

  /** @throws ListError with the line for what is no list, breaks off, or lacks what an entry needs */
  async *entries(): AsyncGenerator<ListEntry> {
    const names = FORMATS.flatMap(({ record, others, header }) => [
      record,
      ...others,
      header ?? [],
    ]);
    const records = new XmlRecords(new Set(names.flat()));
    const decoder = new TextDecoder("utf-8", { fatal: true });
    for await (const chunk of this.#chunks) {
      yield* this.#take(records, records.write(decode(decoder, chunk)));
    }
    yield* this.#take(records, records.end());
    if (this.#lineOf.size === 0) throw new ListError("The file holds no people.");
  }

  *#take(records: XmlRecords, found: readonly XmlElement[]): Generator<ListEntry> {
    const { root } = records;
    if (!root) return;
    const format = this.#format ?? formatOf(root.name);
    this.#format = format;
    this.#version ??= format.version(root);
    for (const record of found) {
      if (record.name === format.header) this.#version ??= format.version(root, record);
      const person = record.name === format.record ? format.read(record) : null;
      if (person) yield this.#toEntry(person, record.line);
      else if (record.name !== format.header) this.#skipped += 1;
    }
  }

  #toEntry(person: Publication, line: number): ListEntry {
    const ref = person.ref.slice(0, MAX_REF);
    if (ref === "") throw new ListError("the entry has no id.", line);
    if (person.name === "") throw new ListError(`the entry ${ref} has no name.`, line);
    const before = this.#lineOf.get(ref);
    if (before !== undefined) {
      throw new ListError(`the entry ${ref} stands in line ${before} already.`, line);
    }
    this.#lineOf.set(ref, line);
    const names = [person.name, ...person.aliases].map((name) => name.slice(0, MAX_NAME).trim());
    const [name = "", ...aliases] = names.filter((text) => text !== "");
    return {
      ref,
      name,
      aliases,
      birth_dates: person.birthDates.map((date) => date.slice(0, MAX_NAME)),
      birth_years: this.#yearsOf(person, line),
      countries: person.countries.map((country) => country.slice(0, MAX_NAME)),
    };
  }

  #yearsOf({ ref, birthDates }: Publication, line: number): number[] {
    const years = birthDates.map((date) => ({ date, years: birthYears(date) }));
    const unread = years.find((entry) => entry.years === null);
    if (unread) {
      this.#warn(
        `Line ${line}: the birth date "${unread.date}" of ${ref} says no year, so the entry fits every year.`,
      );
      return [];
    }
    return [...new Set(years.flatMap((entry) => entry.years ?? []))];
  }
}

function decode(decoder: TextDecoder, chunk: Uint8Array): string {
  try {
    return decoder.decode(chunk, { stream: true });
  } catch {
    throw new ListError("The file is not UTF-8.");
  }
}

function formatOf(root: string): ListFormat {
  const format = FORMATS.find((candidate) => candidate.root === root);
  if (format) return format;
  const known = FORMATS.map(({ title, root: name }) => `<${name}> (${title})`).join(" or ");
  throw new ListError(`the file begins with <${root}>, and a list begins with ${known}.`, 1);
}
