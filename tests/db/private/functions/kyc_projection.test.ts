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
