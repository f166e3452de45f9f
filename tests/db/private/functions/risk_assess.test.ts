import { expect } from "vitest";
import { anon, type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { ingest } from "../../../helpers/db-events.ts";
import { createStaff, newSha256, statusOf } from "../../../helpers/db-fixtures.ts";
import { createSubmittedApplicant, riskOf } from "../../../helpers/db-screening.ts";

const ANNA = { first: "Anna", last: "Schmidt", born: "1990-04-23" };

const verdict = (
  db: Db,
  verificationId: string,
  outcome: string,
  risk_score?: number,
  sequence = 1,
) =>
  ingest(db, {
    outcome,
    provider_reference: `ref_${verificationId}`,
    verification_id: verificationId,
    sequence,
    ...(risk_score !== undefined && { risk_score }),
  });

/** Adds rules to a new version that is in force from now on. */
async function publish(db: Db, ...rules: readonly Record<string, unknown>[]): Promise<void> {
  await db.sql`insert into private.risk_rule_sets values
    (2, private.now() + interval '1 minute', 10, 20, 30, 'Rules of a test.')`;
  for (const rule of rules) {
    const row = {
      least_level: "low",
      requires_review: false,
      reason_code: "high_risk",
      flag: null,
      ...rule,
    };
    await db.sql`insert into private.risk_rules
      select * from jsonb_populate_record(null::private.risk_rules, ${db.sql.json({ version: 2, ...row })})`;
  }
  await db.sql`select private.shift_clock('1 minute')`;
}

test("an ordinary person has low risk: at submission, again at the verdict, both kept", async ({
  db,
}) => {
  const { verificationId } = await createSubmittedApplicant(db, ANNA);
  expect(await riskOf(db, verificationId)).toEqual({
    level: "low",
    score: 0,
    requires_review: false,
    reason_code: null,
    occasion: "submission",
    version: 1,
    codes: [],
    flags: [],
  });
  await verdict(db, verificationId, "processing");
  await verdict(db, verificationId, "approved", 12, 2);
  expect(await riskOf(db, verificationId)).toMatchObject({ level: "low", occasion: "verdict" });
  const kept = await db.sql`
    select occasion, attempt from private.risk_assessments where verification_id = ${verificationId} order by assessment_id`;
  expect([...kept]).toEqual([
    { occasion: "submission", attempt: 1 },
    { occasion: "verdict", attempt: 1 },
  ]);
  expect(await statusOf(db, verificationId)).toBe("approved");
});

test.for([
  [39, "low"],
  [40, "medium"],
  [69, "medium"],
  [70, "high"],
  [89, "high"],
  [90, "critical"],
] as const)("the provider's score %i means %s", async ([score, level], { db }) => {
  const { verificationId } = await createSubmittedApplicant(db, ANNA);
  await verdict(db, verificationId, "in_review", score);
  expect(await riskOf(db, verificationId)).toMatchObject({ level });
});

test("critical risk never approves by itself, high risk does", async ({ db }) => {
  const high = await createSubmittedApplicant(db, ANNA);
  await verdict(db, high.verificationId, "approved", 89);
  expect(await statusOf(db, high.verificationId)).toBe("approved");
  const critical = await createSubmittedApplicant(db, { first: "Otto", last: "Kern" });
  await verdict(db, critical.verificationId, "approved", 90);
  expect(await statusOf(db, critical.verificationId)).toBe("in_review");
});

test("critical risk takes over a review of the provider that ends well", async ({ db }) => {
  const { verificationId } = await createSubmittedApplicant(db, ANNA);
  await verdict(db, verificationId, "in_review", 95);
  expect(await verdict(db, verificationId, "approved", 95, 2)).toBe("applied");
  expect(await statusOf(db, verificationId)).toBe("in_review");
  const [row] = await db.sql`
    select c.review_owner, c.reason_code, (select detail from private.webhook_inbox where sequence = 2) as detail
    from private.kyc_cases as c where verification_id = ${verificationId}`;
  expect(row).toEqual({ review_owner: "internal", reason_code: "high_risk", detail: "taken_over" });
  // From now on it is not the provider's any more.
  expect(await verdict(db, verificationId, "approved", 10, 3)).toBe("conflict");
});

test("a bad verdict at critical risk is applied: only approving needs a person", async ({ db }) => {
  const { verificationId } = await createSubmittedApplicant(db, ANNA);
  await verdict(db, verificationId, "rejected", 95);
  expect(await statusOf(db, verificationId)).toBe("rejected");
});

test.for([
  ["IR", "high", true, ["country_call_for_action"]],
  ["VE", "medium", false, ["country_increased_monitoring"]],
  ["FR", "low", false, []],
] as const)("living in %s means %s", async ([country, level, review, codes], { db }) => {
  const { verificationId } = await createSubmittedApplicant(db, { ...ANNA, country });
  expect(await riskOf(db, verificationId)).toMatchObject({ level, requires_review: review, codes });
});

test("a country on the document counts at the verdict", async ({ db }) => {
  const { verificationId } = await createSubmittedApplicant(db, ANNA);
  await db.sql`update private.kyc_attempts set extracted = '{"issuing_country": "KP", "nationality": "KP"}'`;
  await verdict(db, verificationId, "approved");
  expect(await riskOf(db, verificationId)).toMatchObject({ codes: ["country_call_for_action"] });
  expect(await statusOf(db, verificationId)).toBe("in_review");
});

test("the eighteenth birthday is old enough, the day before is not", async ({ db }) => {
  const day = async (shift: number) => {
    const [row] = await db.sql<{ day: string }[]>`
      select ((private.now() at time zone 'UTC')::date - interval '18 years' + ${shift} * interval '1 day')::date::text as day`;
    return row?.day ?? "";
  };
  const young = await createSubmittedApplicant(db, { ...ANNA, born: await day(1) });
  expect(await riskOf(db, young.verificationId)).toMatchObject({
    level: "critical",
    codes: ["age_below_minimum"],
    flags: ["underage"],
  });
  const grown = await createSubmittedApplicant(db, { ...ANNA, born: await day(0) });
  expect(await riskOf(db, grown.verificationId)).toMatchObject({ level: "low" });
});

test("a file that another account has shown, and a name and birth date that it gave", async ({
  db,
}) => {
  const sha256 = newSha256();
  const first = await createSubmittedApplicant(db, ANNA, { sha256 });
  expect(await riskOf(db, first.verificationId)).toMatchObject({ level: "low" });
  const file = await createSubmittedApplicant(db, { first: "Otto", last: "Kern" }, { sha256 });
  expect(await riskOf(db, file.verificationId)).toMatchObject({ codes: ["duplicate_document"] });
  const name = await createSubmittedApplicant(db, { ...ANNA, first: "schmidt", last: "ÁNNA" });
  expect(await riskOf(db, name.verificationId)).toMatchObject({
    level: "medium",
    codes: ["duplicate_person"],
    flags: ["duplicate_identity"],
    reason_code: "duplicate_identity",
  });
  const other = await createSubmittedApplicant(db, { ...ANNA, born: "1990-04-24" });
  expect(await riskOf(db, other.verificationId)).toMatchObject({ codes: [] });
  // The first one was alone when it came; at its verdict it no longer is.
  await verdict(db, first.verificationId, "approved");
  expect(await riskOf(db, first.verificationId)).toMatchObject({
    codes: ["duplicate_document", "duplicate_person"],
  });
});

test("staff sees whom a case is connected with, each once, by the firmest link", async ({ db }) => {
  const [sha256, device] = [newSha256(), "device-0001"];
  const own = await createSubmittedApplicant(db, ANNA, { sha256, device });
  const all = await createSubmittedApplicant(db, ANNA, { sha256, device });
  const named = await createSubmittedApplicant(db, ANNA);
  const near = await createSubmittedApplicant(db, { first: "Otto", last: "Kern" }, { device });
  await createSubmittedApplicant(db, { first: "Ida", last: "Kern" });
  const [row] = await db.as(
    user(await createStaff(db, "reviewer")),
    (sql) => sql`select private.kyc_case(${own.verificationId}) -> 'duplicates' as duplicates`,
  );
  expect(
    row?.duplicates.map((entry: { verification_id: string; match: string }) => [
      entry.verification_id,
      entry.match,
    ]),
  ).toEqual(
    expect.arrayContaining([
      [all.verificationId, "document_sha256"],
      [named.verificationId, "name_and_date_of_birth"],
      [near.verificationId, "device"],
    ]),
  );
  expect(row?.duplicates).toHaveLength(3);
});

test("the fourth submission from one device within a day counts, a day later it does not", async ({
  db,
}) => {
  const from = (last: string) =>
    createSubmittedApplicant(db, { first: "Otto", last }, { device: "device-0001" });
  for (const last of ["Eins", "Zwei", "Drei"]) {
    const { verificationId } = await from(last);
    expect(await riskOf(db, verificationId)).toMatchObject({ codes: [] });
  }
  const { verificationId } = await from("Vier");
  expect(await riskOf(db, verificationId)).toMatchObject({
    codes: ["many_submissions_by_device"],
    level: "medium",
  });
  await db.sql`select private.shift_clock('24 hours 1 second')`;
  expect(await riskOf(db, (await from("Acht")).verificationId)).toMatchObject({ codes: [] });
});

test("devices and people are kept as hashes", async ({ db }) => {
  await createSubmittedApplicant(db, ANNA, { device: "device-0001" });
  const [row] = await db.sql<{ text: string; person: number; device: number }[]>`
    select s::text as text, length(person_key) as person, length(device_key) as device from private.risk_signals as s`;
  expect(row).toMatchObject({ person: 32, device: 32 });
  expect(row?.text).not.toMatch(/schmidt|1990-04-23/i);
});

test("points of several rules add up, to 1000 at most, and the level follows them", async ({
  db,
}) => {
  const living = (code: string, weight: number) => ({
    code,
    kind: "country",
    parameters: { of: ["residence"], countries: ["DE"] },
    weight,
  });
  await publish(db, living("one", 9), living("two", 10));
  const first = await createSubmittedApplicant(db, ANNA);
  expect(await riskOf(db, first.verificationId)).toMatchObject({
    version: 2,
    score: 19,
    level: "medium",
    codes: ["two", "one"],
  });
  await db.sql`alter table private.risk_rules disable trigger _100_guard`;
  for (const [weight, score, level] of [
    [11, 20, "high"],
    [21, 30, "critical"],
    [1000, 1000, "critical"],
  ] as const) {
    await db.sql`update private.risk_rules set weight = ${weight} where version = 2 and code = 'two'`;
    const { verificationId } = await createSubmittedApplicant(db, {
      first: "Otto",
      last: `Kern${"abc"[weight % 3]}`,
    });
    expect(await riskOf(db, verificationId)).toMatchObject({ score, level });
  }
});

test("the gravest rule gives the reason, and every explanation is told", async ({ db }) => {
  await publish(
    db,
    {
      code: "heavy",
      kind: "country",
      parameters: { of: ["residence"], countries: ["DE"] },
      weight: 9,
      reason_code: "manual_review",
    },
    {
      code: "grave",
      kind: "age",
      parameters: { above: 30 },
      weight: 0,
      least_level: "high",
      requires_review: true,
      reason_code: "known_fraud",
      flag: "grave_flag",
    },
  );
  const { verificationId } = await createSubmittedApplicant(db, ANNA);
  const risk = await riskOf(db, verificationId);
  expect(risk).toMatchObject({
    level: "high",
    score: 9,
    reason_code: "known_fraud",
    flags: ["grave_flag"],
  });
  const [row] = await db.sql`select (private.risk_newest(${verificationId})).reasons as reasons`;
  expect(row?.reasons).toEqual([
    { code: "heavy", points: 9, level: "low", explanation: "Residence in DE." },
    { code: "grave", points: 0, level: "high", explanation: "The person is 36 years old." },
  ]);
  await verdict(db, verificationId, "approved");
  const [kase] = await db.sql`select reason_code, review_owner from private.kyc_cases`;
  expect(kase).toEqual({ reason_code: "known_fraud", review_owner: "internal" });
});

test("what a reviewer or another check has flagged stays", async ({ db }) => {
  const { verificationId } = await createSubmittedApplicant(db, ANNA);
  await db.sql`update private.kyc_cases set flags = '{duplicate_document,sanctions_hit}'`;
  await verdict(db, verificationId, "approved");
  expect(await riskOf(db, verificationId)).toMatchObject({ flags: ["duplicate_document"] });
});

test("the audit tells the rules by their codes, and the person's timeline nothing of it", async ({
  db,
}) => {
  const { userId, verificationId } = await createSubmittedApplicant(db, { ...ANNA, country: "IR" });
  const [audit] = await db.sql`
    select actor_kind, reason_code, details::jsonb as details from private.audit_log
    where stream = 'kyc:' || ${verificationId}::text and action = 'kyc.risk_assessed'`;
  expect(audit).toEqual({
    actor_kind: "system",
    reason_code: "high_risk",
    details: {
      occasion: "submission",
      attempt: 1,
      rules_version: 1,
      score: 70,
      level: "high",
      rules: ["country_call_for_action"],
    },
  });
  const timeline = await db.as(
    user(userId),
    (sql) => sql`select entry from private.kyc_timeline(${verificationId}, 100)`,
  );
  expect(timeline.map(({ entry }) => entry.status)).toEqual(["draft", "submitted"]);
});

test("assessments are written once, and no API role reads or makes them", async ({ db }) => {
  const { verificationId } = await createSubmittedApplicant(db, ANNA);
  const keeps = (sql: Db["sql"]) => sql`select * from private.risk_assessments`;
  for (const work of [
    "update private.risk_assessments set level = 'low'",
    "delete from private.risk_assessments",
    "truncate private.risk_assessments",
  ]) {
    await expectDenied(db, "NF010", {
      as: { role: "postgres" },
      does: (sql) => sql.unsafe(work),
      keeps,
    });
  }
  for (const as of [anon, service, user(await createStaff(db, "admin"))]) {
    await expectDenied(db, "42501", { as, does: keeps, keeps });
    await expectDenied(db, "42501", {
      as,
      does: (sql) => sql`select private.risk_assess(${verificationId}, 'verdict')`,
      keeps,
    });
  }
});
