import { expect, vi } from "vitest";
import { test as base, Db } from "./db.ts";
import { move } from "./db-fixtures.ts";
import { createSubmittedApplicant, type Entry } from "./db-screening.ts";

interface Rescreening {
  /** A transaction that is kept: the jobs wait for what ran when a list came. */
  readonly keep: <T>(work: (db: Db) => Promise<T>) => Promise<T>;
  /** One run of either job over so many rows; says how much each did. */
  readonly run: (limit?: number) => Promise<{ changes: number; people: number }>;
  /** Runs the jobs until neither has anything to do. */
  readonly settle: () => Promise<void>;
}

/** `test` whose transactions are kept, with the jobs that look people up in what is new. */
export const test = base.extend<Rescreening>({
  keep: async ({ database }, use) => {
    await use(async <T>(work: (db: Db) => Promise<T>) => {
      const outcome: { result?: { readonly value: T } } = {};
      await database.client.begin(async (sql) => {
        outcome.result = { value: await work(new Db(sql)) };
      });
      if (outcome.result === undefined) throw new Error("The work did not run.");
      return outcome.result.value;
    });
  },
  run: async ({ database }, use) => {
    await use(async (limit = 100) => {
      const [row] = await database.client<{ changes: number; people: number }[]>`
        select private.job_screen_changes(${limit}) as changes, private.job_rescreen_people(${limit}) as people`;
      if (!row) throw new Error("The jobs did not run.");
      return row;
    });
  },
  settle: async ({ database, run }, use) => {
    await use(async () => {
      // What runs in other databases of the server is waited for too.
      await vi.waitFor(
        async () => {
          await run();
          const [left] = await database.client<{ due: number }[]>`
            select (select count(*) from private.screening_changes)::integer
              + (select count(*) from private.screening_suspects where due_at <= private.now())::integer as due`;
          expect(left).toEqual({ due: 0 });
        },
        { timeout: 30_000, interval: 20 },
      );
    });
  },
});

let count = 0;
/** A last name that nobody else in this file has. */
export function newName(): string {
  count += 1;
  const letters = "bdfgklmnprst";
  const syllable = (n: number) => `${letters[n % 12]}${"aiu"[(n + count) % 3]}`;
  return `Z${[count, Math.floor(count / 12), count * 7 + 2, count * 5 + 3].map(syllable).join("")}v`;
}

/** An entry that names somebody of this last name. */
export const named = (last: string, more: Partial<Entry> = {}): Entry => ({
  ref: `ref-${last}`,
  name: `Vladomir ${last}`,
  birth_years: [1970],
  ...more,
});

/** Somebody whom the provider has approved. */
export async function approved(db: Db, last: string) {
  const applicant = await createSubmittedApplicant(db, { first: "Vladomir", last });
  await move(db, applicant.verificationId, "approved", "provider");
  return applicant;
}
