import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { anon, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createStaff, statusOf } from "../../../helpers/db-fixtures.ts";
import {
  createDecided,
  createInReview,
  everythingOf,
  overturn,
  overturnSql,
  pendingOf,
  vote,
  voteSql,
} from "../../../helpers/db-four-eyes.ts";

test("two of compliance end an approval; until then it is valid", async ({ db }) => {
  const { verificationId } = await createDecided(db, "approved");
  const [one, two] = [
    await createStaff(db, "compliance_admin"),
    await createStaff(db, "compliance_admin"),
  ];
  const asked = await overturn(db, one, "kyc_revoke", verificationId);
  expect(asked).toMatchObject({ result: "pending_second_approval", status: "approved" });
  expect(pendingOf(asked)).toMatchObject({ action: "revoke", to_status: "revoked" });
  const approver = user(await createStaff(db, "approver"));
  await expectDenied(db, "NF010", {
    as: approver,
    does: voteSql(verificationId, pendingOf(asked)),
    keeps: everythingOf(verificationId),
  });
  expect(await vote(db, two, verificationId, pendingOf(asked))).toMatchObject({
    result: "applied",
    status: "revoked",
    version: asked.version + 1,
  });
});

test("only what is approved, only with a reason, only the version that was read", async ({
  db,
}) => {
  const { verificationId } = await createDecided(db, "approved");
  const as = user(await createStaff(db, "compliance_admin"));
  const keeps = everythingOf(verificationId);
  await expectDenied(db, "NF064", {
    as,
    does: overturnSql("kyc_revoke", verificationId, null),
    keeps,
  });
  await expectDenied(db, "NF001", {
    as,
    does: overturnSql("kyc_revoke", verificationId, "no"),
    keeps,
  });
  await expectDenied(db, "NF020", { as, does: overturnSql("kyc_revoke", randomUUID()), keeps });
  await expectDenied(db, "NF050", {
    as,
    does: (sql) => sql`select private.kyc_revoke(${verificationId}, 'appeal', null, 1)`,
    keeps,
  });
  const waiting = await createInReview(db, "low");
  await expectDenied(db, "NF032", {
    as,
    does: overturnSql("kyc_revoke", waiting.verificationId),
    keeps: everythingOf(waiting.verificationId),
  });
});

test("only compliance, and not about oneself", async ({ db }) => {
  const { userId, verificationId } = await createDecided(db, "approved");
  const [does, keeps] = [overturnSql("kyc_revoke", verificationId), everythingOf(verificationId)];
  for (const role of ["support", "reviewer", "approver", "auditor", "admin"]) {
    await expectDenied(db, "NF010", { as: user(await createStaff(db, role)), does, keeps });
  }
  await db.sql`insert into private.user_roles (user_id, role) values (${userId}, 'compliance_admin')`;
  await expectDenied(db, "NF010", { as: user(userId), does, keeps });
  await expectDenied(db, "42501", { as: anon, does, keeps });
  await expectDenied(db, "42501", { as: service, does, keeps });
  expect(await statusOf(db, verificationId)).toBe("approved");
});
