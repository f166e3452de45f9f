import { describe, expect, expectTypeOf } from "vitest";
import type { components } from "../../../../supabase/functions/_shared/generated/contract.ts";
import { contractEnum } from "../../../helpers/contract-enum.ts";
import { type Db, expectDenied, migrator, test } from "../../../helpers/db.ts";

const newSet = (db: Db, version: number, activeFrom: string) =>
  db.sql`insert into private.risk_rule_sets
    values (${version}, private.now() + ${activeFrom}::text::interval, 30, 70, 150, 'Rules of a test.')`;

const insert = (version: number, kind: string, parameters: unknown) => (sql: Db["sql"]) =>
  sql`insert into private.risk_rules (version, code, kind, parameters, weight, reason_code)
    values (${version}, 'test_rule', ${kind}, ${sql.json(JSON.parse(JSON.stringify(parameters)))}, 1, 'high_risk')`;

const inForce = async (db: Db) => {
  const [row] = await db.sql<{ version: number }[]>`
    select version from private.risk_rules_in_force()`;
  return row?.version;
};

const allRules = (sql: Db["sql"]) => sql`select * from private.risk_rules order by version, code`;

test("the set that became active last is in force", async ({ db }) => {
  await newSet(db, 2, "1 hour");
  await newSet(db, 3, "2 hours");
  expect(await inForce(db)).toBe(1);
  await db.sql`select private.shift_clock('59 minutes')`;
  expect(await inForce(db)).toBe(1);
  await db.sql`select private.shift_clock('1 minute')`;
  expect(await inForce(db)).toBe(2);
  await db.sql`select private.shift_clock('1 hour')`;
  expect(await inForce(db)).toBe(3);
});

test("a set can be written until it is in force, and stays as it is from then on", async ({
  db,
}) => {
  await newSet(db, 2, "1 hour");
  await db.as(migrator, insert(2, "age", { below: 18 }));
  await db.sql`update private.risk_rules set weight = 2 where version = 2`;
  await db.sql`select private.shift_clock('1 hour')`;
  for (const work of [
    "update private.risk_rules set weight = 3 where version = 2",
    "delete from private.risk_rules where version = 2",
    "delete from private.risk_rules where version = 1",
    "truncate private.risk_rules",
    "update private.risk_rule_sets set critical_from = 1000 where version = 2",
    "delete from private.risk_rule_sets where version = 2",
    "insert into private.risk_rules select 2, 'another', kind, parameters, weight from private.risk_rules limit 1",
  ]) {
    await expectDenied(db, "NF010", {
      as: migrator,
      does: (sql) => sql.unsafe(work),
      keeps: allRules,
    });
  }
  await expectDenied(db, "NF010", {
    as: migrator,
    does: insert(1, "age", { below: 21 }),
    keeps: allRules,
  });
});

test("a rule cannot be moved out of a set that is in force", async ({ db }) => {
  await newSet(db, 2, "1 hour");
  await expectDenied(db, "NF010", {
    as: migrator,
    does: (sql) => sql`update private.risk_rules set version = 2 where code = 'sanctions_match'`,
    keeps: allRules,
  });
});

describe("parameters", () => {
  const faults: readonly [string, unknown][] = [
    ["country", {}],
    ["country", { of: [], countries: ["DE"] }],
    ["country", { of: ["residence"], countries: [] }],
    ["country", { of: ["birth"], countries: ["DE"] }],
    ["country", { of: ["residence"], countries: ["Germany"] }],
    ["country", { of: ["residence"], countries: ["DE"], except: ["FR"] }],
    ["age", {}],
    ["age", { below: "18" }],
    ["age", { under: 18 }],
    ["watch_list", {}],
    ["watch_list", { kinds: ["gossip"] }],
    ["watch_list", { kinds: ["pep"], min_score: "high" }],
    ["duplicate", {}],
    ["duplicate", { by: "address" }],
    ["velocity", { by: "device", more_than: 3 }],
    ["velocity", { by: "device", more_than: 3, within: "soon" }],
    ["velocity", { by: "moon", more_than: 3, within: "1 day" }],
    ["provider_score", {}],
    ["provider_score", { from: 1, below: "2" }],
    ["moon_phase", { full: true }],
  ];
  for (const [kind, parameters] of faults) {
    test(`${kind} ${JSON.stringify(parameters)} is refused`, async ({ db }) => {
      await newSet(db, 2, "1 hour");
      await expectDenied(db, "23514", {
        as: migrator,
        does: insert(2, kind, parameters),
        keeps: allRules,
      });
    });
  }

  test("those of the rules to start from are good", async ({ db }) => {
    const [row] = await db.sql`
      select count(*)::integer as rules, bool_and(private.risk_parameters_fit(kind, parameters)) as fit,
        count(distinct kind)::integer as kinds from private.risk_rules`;
    expect(row).toMatchObject({ fit: true, kinds: 6 });
    expect(row?.rules).toBeGreaterThan(10);
  });
});

test("no rule gives a reason that the person could see, in the database or in the contract", async ({
  db,
}) => {
  const reasons = await db.sql<{ code: string; is_user_visible: boolean }[]>`
    select distinct reason.code, reason.is_user_visible
    from private.risk_rules as rule join private.kyc_reason_codes as reason on reason.code = rule.reason_code`;
  expect(reasons.length).toBeGreaterThan(3);
  expect(reasons.filter((reason) => reason.is_user_visible)).toEqual([]);
  const shown = contractEnum("UserReasonCode");
  expect(shown.length).toBeGreaterThan(10);
  expect(reasons.filter(({ code }) => shown.includes(code))).toEqual([]);
  // The person's schemas have no room for them either: this does not compile otherwise.
  expectTypeOf<
    Extract<
      components["schemas"]["UserReasonCode"],
      | "document_fraud"
      | "known_fraud"
      | "sanctions_hit"
      | "pep_hit"
      | "adverse_media"
      | "duplicate_identity"
      | "high_risk"
    >
  >().toBeNever();
});
