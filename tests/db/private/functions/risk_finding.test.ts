import { describe, expect } from "vitest";
import { type Db, test } from "../../../helpers/db.ts";

type Facts = Readonly<Record<string, unknown>>;

const nothing = {
  countries: { residence: ["DE"], nationality: [null, null], document: [null] },
  age: 36,
  hits: [],
  others: { document: 0, person: 0 },
  submissions: { account: [0], person: [0], device: [] },
  provider_score: null,
};

async function finding(db: Db, kind: string, parameters: Facts, facts: Facts) {
  const [row] = await db.sql<{ text: string | null }[]>`
    select private.risk_finding(${kind}, ${db.sql.json(JSON.parse(JSON.stringify(parameters)))},
      ${db.sql.json(JSON.parse(JSON.stringify({ ...nothing, ...facts })))}) as text`;
  return row?.text;
}

interface Case {
  readonly what: string;
  readonly facts: Facts;
  readonly text: string | null;
}

function cases(kind: string, parameters: Facts, list: readonly Case[]): void {
  describe(`${kind} ${JSON.stringify(parameters)}`, () => {
    test("finds nothing where there is nothing", async ({ db }) => {
      expect(await finding(db, kind, parameters, {})).toBeNull();
    });
    for (const { what, facts, text } of list) {
      test(what, async ({ db }) => {
        expect(await finding(db, kind, parameters, facts)).toBe(text);
      });
    }
  });
}

const countries = (part: string, ...list: (string | null)[]) => ({
  countries: { ...nothing.countries, [part]: list },
});
const everywhere = { of: ["residence", "nationality", "document"], countries: ["IR", "KP"] };

cases("country", everywhere, [
  { what: "residence", facts: countries("residence", "IR"), text: "Residence in IR." },
  { what: "nationality", facts: countries("nationality", null, "KP"), text: "Nationality in KP." },
  { what: "document", facts: countries("document", "KP"), text: "Document in KP." },
  { what: "a country that is not listed", facts: countries("document", "FR"), text: null },
]);

cases("country", { of: ["document"], countries: ["IR"] }, [
  { what: "residence is not asked for", facts: countries("residence", "IR"), text: null },
]);

cases("age", { below: 18 }, [
  { what: "one year below", facts: { age: 17 }, text: "The person is 17 years old." },
  { what: "at the limit", facts: { age: 18 }, text: null },
  { what: "unknown", facts: { age: null }, text: null },
]);

cases("age", { above: 100 }, [
  { what: "one year above", facts: { age: 101 }, text: "The person is 101 years old." },
  { what: "at the limit", facts: { age: 100 }, text: null },
]);

const hit = (changes: Facts = {}) => ({
  kind: "sanctions",
  score: 0.9,
  is_counted: true,
  ...changes,
});

cases("watch_list", { kinds: ["sanctions"] }, [
  {
    what: "one hit",
    facts: { hits: [hit()] },
    text: "1 listed person has a name and birth date like these, at most 0.90 similar.",
  },
  {
    what: "two hits, the best one told",
    facts: { hits: [hit(), hit({ score: 1 })] },
    text: "2 listed persons have a name and birth date like these, at most 1.00 similar.",
  },
  { what: "a list of another kind", facts: { hits: [hit({ kind: "pep" })] }, text: null },
  { what: "a dismissed hit", facts: { hits: [hit({ is_counted: false })] }, text: null },
]);

cases("watch_list", { kinds: ["pep", "sanctions"], min_score: 0.9 }, [
  {
    what: "at the least score",
    facts: { hits: [hit({ kind: "pep" })] },
    text: "1 listed person has a name and birth date like these, at most 0.90 similar.",
  },
  { what: "just below it", facts: { hits: [hit({ score: 0.899 })] }, text: null },
]);

cases("duplicate", { by: "document" }, [
  {
    what: "one other account",
    facts: { others: { document: 1, person: 0 } },
    text: "1 other account has shown the same file.",
  },
  {
    what: "the same name is another rule",
    facts: { others: { document: 0, person: 3 } },
    text: null,
  },
]);

cases("duplicate", { by: "person" }, [
  {
    what: "two other accounts",
    facts: { others: { document: 0, person: 2 } },
    text: "2 other accounts have submitted the same name and birth date.",
  },
]);

const submissions = (by: string, ...secondsAgo: number[]) => ({
  submissions: { ...nothing.submissions, [by]: secondsAgo },
});

for (const by of ["account", "person", "device"] as const) {
  cases("velocity", { by, more_than: 2, within: "1 hour" }, [
    {
      what: "one more than allowed, the oldest exactly an hour ago",
      facts: submissions(by, 0, 60, 3600),
      text: `3 submissions by the same ${by} within 1 hour.`,
    },
    { what: "as many as allowed", facts: submissions(by, 0, 60), text: null },
    { what: "the third a second too old", facts: submissions(by, 0, 60, 3601), text: null },
  ]);
}

cases("provider_score", { from: 40, below: 70 }, [
  { what: "at the lower end", facts: { provider_score: 40 }, text: "The provider's score is 40." },
  { what: "just below it", facts: { provider_score: 39 }, text: null },
  {
    what: "just below the upper end",
    facts: { provider_score: 69 },
    text: "The provider's score is 69.",
  },
  { what: "at the upper end", facts: { provider_score: 70 }, text: null },
]);

cases("provider_score", { from: 90 }, [
  { what: "no upper end", facts: { provider_score: 100 }, text: "The provider's score is 100." },
]);
