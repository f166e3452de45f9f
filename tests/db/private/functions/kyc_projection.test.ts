import { expect } from "vitest";
import { anon, type Db, expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import {
  addDocument,
  createDraft,
  createPerson,
  createSubmitted,
  createUser,
  move,
} from "../../../helpers/db-fixtures.ts";

const projection = (sql: Sql) => sql`select private.kyc_projection() as kyc`;
const of = async (db: Db, id: string) => {
  const [row] = await db.as(user(id), projection);
  return row?.kyc;
};

test("before anything: start", async ({ db }) => {
  expect(await of(db, await createUser(db))).toEqual({
    status: "not_started",
    next_action: "start_verification",
    requirements: [],
    remaining_attempts: 3,
    can_retry: true,
    expires_at: null,
    verification_id: null,
  });
});

test("a draft: provide what is missing, then submit", async ({ db }) => {
  const id = await createPerson(db);
  const verificationId = await createDraft(db, id);
  expect(await of(db, id)).toMatchObject({
    status: "action_required",
    next_action: "provide_requirements",
  });
  await addDocument(db, id, verificationId);
  expect(await of(db, id)).toMatchObject({
    next_action: "submit",
    requirements: [],
    can_retry: true,
  });
});

test.for([
  [[], "pending", "wait", 2, false],
  [["approved", "provider", null], "approved", "none", 0, false],
  [["rejected", "provider", "document_fraud"], "declined", "contact_support", 0, false],
  [["in_review", "provider", "sanctions_hit"], "pending", "wait", 2, false],
  [["cancelled", "staff", "cancelled_by_staff"], "not_started", "start_verification", 3, true],
] as const)("%j: %s, %s", async ([step, status, nextAction, remaining, canRetry], { db }) => {
  const { userId, verificationId } = await createSubmitted(db);
  const [to, actor, reason] = step;
  if (to !== undefined && actor !== undefined)
    await move(db, verificationId, to, actor, reason ?? null);
  expect(await of(db, userId)).toMatchObject({
    status,
    next_action: nextAction,
    remaining_attempts: remaining,
    can_retry: canRetry,
    verification_id: verificationId,
  });
});

test("an approval ends on its day, also before the schedule has noticed", async ({ db }) => {
  const { userId, verificationId } = await createSubmitted(db);
  await move(db, verificationId, "approved", "provider");
  expect(await of(db, userId)).toMatchObject({
    status: "approved",
    expires_at: expect.stringMatching(/Z$/),
  });
  await db.as(service, (sql) => sql`select private.shift_clock('4 years')`);
  expect(await of(db, userId)).toMatchObject({
    status: "action_required",
    next_action: "start_verification",
  });
});

test("an approval that is looked at again does not count", async ({ db }) => {
  const { userId, verificationId } = await createSubmitted(db);
  await move(db, verificationId, "approved", "provider");
  await move(db, verificationId, "in_review", "provider", "monitoring_hit");
  expect(await of(db, userId)).toMatchObject({ status: "pending", expires_at: null });
});

/** An approved person whose renewal has come to a state. */
async function renewing(db: Db, ...steps: readonly (readonly [string, string, string | null])[]) {
  const { userId, verificationId } = await createSubmitted(db);
  await move(db, verificationId, "approved", "provider");
  const before = await of(db, userId);
  // Later than the approval, so that the two approvals end at different moments.
  await db.as(service, (sql) => sql`select private.shift_clock('30 days')`);
  const renewal = await createDraft(db, userId);
  for (const [to, actor, reason] of steps) await move(db, renewal, to, actor, reason);
  return { userId, verificationId, renewal, before };
}

const submitted = ["submitted", "user", null] as const;

test.for<[string, string, (readonly [string, string, string | null])[]]>([
  ["draft", "action_required", []],
  ["submitted", "pending", [submitted]],
  ["processing", "pending", [submitted, ["processing", "provider", null]]],
  ["in_review", "pending", [submitted, ["in_review", "provider", "provider_review"]]],
  [
    "resubmission_required",
    "action_required",
    [submitted, ["resubmission_required", "provider", "image_unreadable"]],
  ],
  ["rejected", "declined", [submitted, ["rejected", "provider", "document_fraud"]]],
  ["cancelled", "not_started", [["cancelled", "user", null]]],
  ["abandoned", "not_started", [["abandoned", "scheduler", "inactivity"]]],
])(
  "a renewal that is %s leaves the approval until it ends, and says %s then",
  async ([_state, afterwards, steps], { db }) => {
    const { userId, before } = await renewing(db, ...steps);
    const listed = () => db.sql`select private.kyc_status_of(${userId}) as status`;
    expect(await of(db, userId)).toMatchObject({
      status: "approved",
      expires_at: before.expires_at,
    });
    expect([...(await listed())]).toEqual([{ status: "approved" }]);
    await db.as(service, (sql) => sql`select private.shift_clock('4 years')`);
    expect(await of(db, userId)).toMatchObject({ status: afterwards, expires_at: null });
    expect([...(await listed())]).toEqual([{ status: afterwards }]);
  },
);

test("a renewal that is approved replaces the approval; taken back, the older one does not come to life", async ({
  db,
}) => {
  const { userId, renewal, before } = await renewing(db, submitted, ["approved", "provider", null]);
  const after = await of(db, userId);
  expect(after).toMatchObject({ status: "approved", verification_id: renewal });
  expect(Date.parse(after.expires_at)).toBeGreaterThan(Date.parse(before.expires_at));
  const listed = () => db.sql`select private.kyc_status_of(${userId}) as status`;
  await move(db, renewal, "in_review", "provider", "monitoring_hit");
  expect(await of(db, userId)).toMatchObject({ status: "pending", expires_at: null });
  expect([...(await listed())]).toEqual([{ status: "pending" }]);
  await move(db, renewal, "rejected", "staff", "document_fraud");
  expect(await of(db, userId)).toMatchObject({ status: "declined", expires_at: null });
  expect([...(await listed())]).toEqual([{ status: "declined" }]);
});

test("what a reviewer sees is not in it", async ({ db }) => {
  const { userId, verificationId } = await createSubmitted(db);
  await move(db, verificationId, "in_review", "provider", "sanctions_hit");
  expect(JSON.stringify(await of(db, userId))).not.toContain("sanctions");
});

test("anonymous callers and backends cannot ask", async ({ db }) => {
  for (const as of [anon, service]) {
    await expectDenied(db, "42501", {
      as,
      does: projection,
      keeps: (sql) => sql`select count(*) from public.kyc_verifications`,
    });
  }
});
