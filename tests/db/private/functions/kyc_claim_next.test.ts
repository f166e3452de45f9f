import { expect } from "vitest";
import { anon, type Db, expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import { createStaff, createSubmitted, createUser } from "../../../helpers/db-fixtures.ts";
import { caseOf, createInReview, holdOf, lastEntry, passTime } from "../../../helpers/db-review.ts";

const claims =
  (filter: Record<string, unknown> = {}) =>
  (sql: Sql) =>
    sql`select private.kyc_claim_next(${JSON.stringify(filter)}::text::jsonb) as item`;

async function claim(db: Db, id: string, filter: Record<string, unknown> = {}) {
  const [row] = await db.as(user(id), claims(filter));
  return row?.item;
}

const idOf = (item: { verification_id: string } | null) => item?.verification_id ?? null;

test.for(["reviewer", "approver", "compliance_admin"])(
  "%s gets a case and holds it for half an hour",
  async (role, { db }) => {
    const { verificationId } = await createInReview(db);
    const id = await createStaff(db, role);
    expect(await claim(db, id)).toMatchObject({
      verification_id: verificationId,
      status: "in_review",
      assignee_id: id,
      lease_expires_at: expect.stringMatching(/Z$/),
      is_overdue: false,
    });
    expect(await holdOf(db, verificationId)).toEqual({ holder: id, rest: "00:30:00" });
    expect(await lastEntry(db, verificationId)).toMatchObject({
      action: "kyc.claimed",
      actor_kind: "staff",
      actor_id: id,
      details: { attempt: 1, holder: id, minutes: 30 },
    });
  },
);

test("what is due first comes first, whatever has waited longer; then there is nothing", async ({
  db,
}) => {
  const low = await createInReview(db, { risk: "low" });
  await passTime(db, "1 minute");
  const critical = await createInReview(db, { risk: "critical" });
  const medium = await createInReview(db, { risk: "medium" });
  const id = await createStaff(db, "reviewer");
  const order = [];
  for (let turn = 0; turn < 4; turn += 1) order.push(idOf(await claim(db, id)));
  expect(order).toEqual([critical.verificationId, medium.verificationId, low.verificationId, null]);
});

test("of two that are due at the same moment, the riskier comes first", async ({ db }) => {
  await db.sql`update private.settings set review_target_low = '8 hours', review_target_high = '8 hours'`;
  const low = await createInReview(db, { risk: "low" });
  const high = await createInReview(db, { risk: "high" });
  const id = await createStaff(db, "reviewer");
  expect(idOf(await claim(db, id))).toBe(high.verificationId);
  expect(idOf(await claim(db, id))).toBe(low.verificationId);
});

test("the filters leave out what does not match", async ({ db }) => {
  const high = await createInReview(db, { risk: "high" });
  const low = await createInReview(db, { risk: "low" });
  await db.sql`update public.addresses set country = 'FR' where user_id = ${low.userId}`;
  const id = await createStaff(db, "reviewer");
  expect(await claim(db, id, { risk_level: ["medium", "critical"] })).toBeNull();
  expect(await claim(db, id, { country: ["ES"] })).toBeNull();
  expect(await claim(db, id, { country: ["FR"], risk_level: ["high"] })).toBeNull();
  expect(idOf(await claim(db, id, { country: ["ES", "FR"] }))).toBe(low.verificationId);
  expect(idOf(await claim(db, id, { risk_level: ["high"] }))).toBe(high.verificationId);
});

test("only what is in review is handed out", async ({ db }) => {
  await createSubmitted(db);
  expect(await claim(db, await createStaff(db, "reviewer"))).toBeNull();
});

test("a held case is passed over until its hold has run out", async ({ db }) => {
  const { verificationId } = await createInReview(db);
  const [first, second] = [await createStaff(db, "reviewer"), await createStaff(db, "reviewer")];
  expect(idOf(await claim(db, first))).toBe(verificationId);
  await passTime(db, "29 minutes 59 seconds");
  expect(await claim(db, second)).toBeNull();
  expect(await claim(db, first)).toBeNull();
  await passTime(db, "1 second");
  expect(idOf(await claim(db, second))).toBe(verificationId);
  expect(await holdOf(db, verificationId)).toEqual({ holder: second, rest: "00:30:00" });
});

test("[QUEUE-02] nobody gets the own case, also not under another account", async ({ db }) => {
  const { userId, verificationId } = await createInReview(db);
  await db.sql`insert into private.user_roles (user_id, role) values (${userId}, 'reviewer')`;
  const alias = await createStaff(db, "reviewer");
  await db.sql`update public.profiles set first_name = 'ANNA', last_name = 'Schmidt', date_of_birth = '1990-04-23'
    where user_id = ${alias}`;
  expect(await claim(db, userId)).toBeNull();
  expect(await claim(db, alias)).toBeNull();
  expect(idOf(await claim(db, await createStaff(db, "reviewer")))).toBe(verificationId);
});

test("however many cases are passed over, the next one is found", async ({ db }) => {
  // Everybody of the fixtures is called alike, and so is this reviewer.
  const alias = await createStaff(db, "reviewer");
  await db.sql`update public.profiles set first_name = 'Anna', last_name = 'Schmidt', date_of_birth = '1990-04-23'
    where user_id = ${alias}`;
  for (let count = 0; count < 22; count += 1) await createInReview(db);
  const due =
    await db.sql`update private.kyc_cases set due_at = '2026-01-01' where due_at is not null`;
  expect(due.count).toBe(22);
  expect(await claim(db, alias)).toBeNull();
  const { userId, verificationId } = await createInReview(db);
  await db.sql`update public.profiles set last_name = 'Other' where user_id = ${userId}`;
  await db.sql`update private.risk_signals set person_key = '\\x00' where user_id = ${userId}`;
  expect(idOf(await claim(db, alias))).toBe(verificationId);
});

test("a decision that waits for a second vote goes only to who may cast it", async ({ db }) => {
  const { verificationId } = await createInReview(db, { risk: "high" });
  const [first, reviewer, approver] = [
    await createStaff(db, "approver"),
    await createStaff(db, "reviewer"),
    await createStaff(db, "approver"),
  ];
  const [row] = await db.as(
    user(first),
    (sql) => sql`select private.kyc_decide(${verificationId}, 'reject', 'known_fraud', null, null,
      (select version from public.kyc_verifications where verification_id = ${verificationId})) as answer`,
  );
  expect(row?.answer.result).toBe("pending_second_approval");
  expect(await claim(db, first)).toBeNull();
  expect(await claim(db, reviewer)).toBeNull();
  expect(idOf(await claim(db, approver))).toBe(verificationId);
});

test("when the vote has not come in time, the case is for everybody again", async ({ db }) => {
  const { verificationId } = await createInReview(db, { risk: "high" });
  const first = await createStaff(db, "reviewer");
  await db.as(
    user(first),
    (sql) => sql`select private.kyc_decide(${verificationId}, 'reject', 'known_fraud', null, null,
      (select version from public.kyc_verifications where verification_id = ${verificationId}))`,
  );
  await passTime(db, "24 hours 1 second");
  expect(idOf(await claim(db, first))).toBe(verificationId);
});

test.for(["support", "auditor", "admin"])("%s gets nothing", async (role, { db }) => {
  const { verificationId } = await createInReview(db);
  const as = user(await createStaff(db, role));
  await expectDenied(db, "NF010", { as, does: claims(), keeps: caseOf(verificationId) });
});

test("people, suspended staff, anonymous callers and backends get nothing", async ({ db }) => {
  const { verificationId } = await createInReview(db);
  const keeps = caseOf(verificationId);
  const suspended = await createStaff(db, "reviewer");
  await db.sql`update public.profiles set suspended_at = now() where user_id = ${suspended}`;
  await expectDenied(db, "NF010", { as: user(suspended), does: claims(), keeps });
  await expectDenied(db, "NF010", { as: user(await createUser(db)), does: claims(), keeps });
  await expectDenied(db, "42501", { as: anon, does: claims(), keeps });
  await expectDenied(db, "42501", { as: service, does: claims(), keeps });
});
