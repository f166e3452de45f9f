import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { anon, type Db, expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import { createStaff, createUser } from "../../../helpers/db-fixtures.ts";
import { caseOf, createInReview, holdOf, lastEntry, passTime } from "../../../helpers/db-review.ts";

const releases = (verificationId: string) => (sql: Sql) =>
  sql`select private.kyc_release(${verificationId}) as item`;

/** A case that a reviewer holds. */
async function arrange(db: Db) {
  const { verificationId } = await createInReview(db);
  const holder = await createStaff(db, "reviewer");
  await db.as(user(holder), (sql) => sql`select private.kyc_claim_next()`);
  expect(await holdOf(db, verificationId)).toMatchObject({ holder });
  return { verificationId, holder, keeps: caseOf(verificationId) };
}

test("the holder gives the case back; once more changes nothing", async ({ db }) => {
  const { verificationId, holder, keeps } = await arrange(db);
  const [row] = await db.as(user(holder), releases(verificationId));
  expect(row?.item).toMatchObject({ assignee_id: null, lease_expires_at: null });
  expect(await holdOf(db, verificationId)).toEqual({ holder: null, rest: null });
  expect(await lastEntry(db, verificationId)).toMatchObject({
    action: "kyc.released",
    actor_id: holder,
    details: { holder },
  });
  const before = [...(await keeps(db.sql))];
  await db.as(user(holder), releases(verificationId));
  expect([...(await keeps(db.sql))]).toEqual(before);
});

test("another reviewer cannot end the hold, an approver can", async ({ db }) => {
  const { verificationId, holder, keeps } = await arrange(db);
  const does = releases(verificationId);
  await expectDenied(db, "NF037", { as: user(await createStaff(db, "reviewer")), does, keeps });
  const lead = await createStaff(db, "approver");
  await db.as(user(lead), does);
  expect(await holdOf(db, verificationId)).toEqual({ holder: null, rest: null });
  expect(await lastEntry(db, verificationId)).toMatchObject({
    actor_id: lead,
    details: { holder },
  });
});

test("other roles, people, anonymous callers and backends cannot release", async ({ db }) => {
  const { verificationId, keeps } = await arrange(db);
  const does = releases(verificationId);
  for (const role of ["support", "auditor", "admin"]) {
    await expectDenied(db, "NF010", { as: user(await createStaff(db, role)), does, keeps });
  }
  await expectDenied(db, "NF010", { as: user(await createUser(db)), does, keeps });
  await expectDenied(db, "42501", { as: anon, does, keeps });
  await expectDenied(db, "42501", { as: service, does, keeps });
  const unknown = releases(randomUUID());
  await expectDenied(db, "NF020", {
    as: user(await createStaff(db, "reviewer")),
    does: unknown,
    keeps,
  });
});

test("the job returns what was held for too long, so many at a time, and only that", async ({
  db,
}) => {
  const holder = await createStaff(db, "reviewer");
  const ids: string[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    ids.push((await createInReview(db)).verificationId);
    await db.as(user(holder), (sql) => sql`select private.kyc_claim_next()`);
    await passTime(db, "1 minute");
  }
  const run = async (limit: number) => {
    const [row] = await db.sql`select private.job_return_cases(${limit}) as returned`;
    return row?.returned;
  };
  const holders = async () => {
    const rows = await db.sql`select assignee_id from private.kyc_cases
      where verification_id = any (${ids}) order by array_position(${ids}::uuid[], verification_id)`;
    return rows.map((row) => row.assignee_id);
  };
  expect(await run(100)).toBe(0);
  await passTime(db, "28 minutes 30 seconds");
  expect(await run(1)).toBe(1);
  expect(await holders()).toEqual([null, holder, holder]);
  expect(await run(100)).toBe(1);
  expect(await run(100)).toBe(0);
  expect(await holders()).toEqual([null, null, holder]);
  expect(await lastEntry(db, ids[0] ?? "")).toMatchObject({
    action: "kyc.hold_lapsed",
    actor_kind: "scheduler",
    actor_id: "return_cases",
    details: { holder },
  });
});

test("the schedule has the job", async ({ db }) => {
  const { verificationId } = await arrange(db);
  await passTime(db, "1 hour");
  const jobs = await db.as(service, (sql) => sql`select * from private.run_schedules(100, true)`);
  expect(jobs).toContainEqual({ job: "return_cases", affected: 1, error: null });
  expect(await holdOf(db, verificationId)).toEqual({ holder: null, rest: null });
});
