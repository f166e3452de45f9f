import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { anon, type Db, expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import { createStaff, createSubmitted, createUser } from "../../../helpers/db-fixtures.ts";
import { caseOf, createInReview, holdOf, lastEntry, passTime } from "../../../helpers/db-review.ts";

const assigns =
  (verificationId: string, to: string, minutes: number | null = null) =>
  (sql: Sql) =>
    sql`select private.kyc_assign(${verificationId}, ${to}, ${minutes}) as item`;

async function arrange(db: Db) {
  const { userId, verificationId } = await createInReview(db);
  const [reviewer, other, lead] = [
    await createStaff(db, "reviewer"),
    await createStaff(db, "reviewer"),
    await createStaff(db, "approver"),
  ];
  return { userId, verificationId, reviewer, other, lead, keeps: caseOf(verificationId) };
}

test("a reviewer takes a free case; the same call renews the hold", async ({ db }) => {
  const { verificationId, reviewer } = await arrange(db);
  const [row] = await db.as(user(reviewer), assigns(verificationId, reviewer));
  expect(row?.item).toMatchObject({ verification_id: verificationId, assignee_id: reviewer });
  expect(await holdOf(db, verificationId)).toEqual({ holder: reviewer, rest: "00:30:00" });
  expect(await lastEntry(db, verificationId)).toMatchObject({
    action: "kyc.assigned",
    actor_id: reviewer,
    details: { holder: reviewer, minutes: 30 },
  });
  await passTime(db, "20 minutes");
  await db.as(user(reviewer), assigns(verificationId, reviewer, 60));
  expect(await holdOf(db, verificationId)).toEqual({ holder: reviewer, rest: "01:00:00" });
  expect(await lastEntry(db, verificationId)).toMatchObject({
    action: "kyc.hold_renewed",
    details: { minutes: 60 },
  });
});

test("a reviewer cannot give a case to somebody else", async ({ db }) => {
  const { verificationId, reviewer, other, keeps } = await arrange(db);
  const does = assigns(verificationId, other);
  await expectDenied(db, "NF010", { as: user(reviewer), does, keeps });
});

test("a reviewer cannot take what somebody holds, until the hold has run out", async ({ db }) => {
  const { verificationId, reviewer, other, keeps } = await arrange(db);
  await db.as(user(other), assigns(verificationId, other));
  const does = assigns(verificationId, reviewer);
  await expectDenied(db, "NF037", { as: user(reviewer), does, keeps });
  await passTime(db, "30 minutes");
  await db.as(user(reviewer), does);
  expect(await holdOf(db, verificationId)).toMatchObject({ holder: reviewer });
});

test.for(["approver", "compliance_admin"])(
  "%s gives a case to anyone, also one that is held",
  async (role, { db }) => {
    const { verificationId, reviewer, other } = await arrange(db);
    const lead = user(await createStaff(db, role));
    for (const to of [reviewer, other]) {
      await db.as(lead, assigns(verificationId, to));
      expect(await holdOf(db, verificationId)).toMatchObject({ holder: to });
      expect(await lastEntry(db, verificationId)).toMatchObject({
        action: "kyc.assigned",
        details: { holder: to },
      });
    }
  },
);

test("who cannot work on cases cannot be given one", async ({ db }) => {
  const { verificationId, lead, keeps } = await arrange(db);
  const suspended = await createStaff(db, "reviewer");
  await db.sql`update public.profiles set suspended_at = now() where user_id = ${suspended}`;
  for (const to of [
    await createStaff(db, "support"),
    await createStaff(db, "admin"),
    await createUser(db),
    suspended,
    randomUUID(),
  ]) {
    await expectDenied(db, "NF001", { as: user(lead), does: assigns(verificationId, to), keeps });
  }
});

test("[QUEUE-02] nobody is given the own case", async ({ db }) => {
  const { userId, verificationId, lead, keeps } = await arrange(db);
  await db.sql`insert into private.user_roles (user_id, role) values (${userId}, 'approver')`;
  const does = assigns(verificationId, userId);
  await expectDenied(db, "NF010", { as: user(lead), does, keeps });
  await expectDenied(db, "NF010", { as: user(userId), does, keeps });
});

test("only a case in review can be held", async ({ db }) => {
  const { verificationId } = await createSubmitted(db);
  const reviewer = await createStaff(db, "reviewer");
  await expectDenied(db, "NF032", {
    as: user(reviewer),
    does: assigns(verificationId, reviewer),
    keeps: caseOf(verificationId),
  });
});

test("an unknown case is unknown", async ({ db }) => {
  const { verificationId, lead } = await arrange(db);
  const does = assigns(randomUUID(), lead);
  await expectDenied(db, "NF020", { as: user(lead), does, keeps: caseOf(verificationId) });
});

test("other roles, people, anonymous callers and backends cannot assign", async ({ db }) => {
  const { userId, verificationId, keeps } = await arrange(db);
  for (const role of ["support", "auditor", "admin"]) {
    const id = await createStaff(db, role);
    await expectDenied(db, "NF010", { as: user(id), does: assigns(verificationId, id), keeps });
  }
  const does = assigns(verificationId, userId);
  await expectDenied(db, "NF010", { as: user(userId), does, keeps });
  await expectDenied(db, "42501", { as: anon, does, keeps });
  await expectDenied(db, "42501", { as: service, does, keeps });
});
