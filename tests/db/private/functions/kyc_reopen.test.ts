import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { anon, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createStaff } from "../../../helpers/db-fixtures.ts";
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

test("an approved case goes back into review at once: it only takes rights away", async ({
  db,
}) => {
  const { verificationId } = await createDecided(db, "approved");
  const officer = await createStaff(db, "compliance_admin");
  expect(await overturn(db, officer, "kyc_reopen", verificationId)).toMatchObject({
    result: "applied",
    status: "in_review",
    pending_approval: null,
  });
  const [review] = await db.sql`
    select reviewer_id, action, vote from private.kyc_reviews where verification_id = ${verificationId}`;
  expect(review).toEqual({ reviewer_id: officer, action: "reopen", vote: null });
});

test("a rejected one takes two of compliance", async ({ db }) => {
  const { verificationId } = await createDecided(db, "rejected");
  const [one, two] = [
    await createStaff(db, "compliance_admin"),
    await createStaff(db, "compliance_admin"),
  ];
  const asked = await overturn(db, one, "kyc_reopen", verificationId);
  expect(asked).toMatchObject({ result: "pending_second_approval", status: "rejected" });
  await expectDenied(db, "NF010", {
    as: user(await createStaff(db, "approver")),
    does: voteSql(verificationId, pendingOf(asked)),
    keeps: everythingOf(verificationId),
  });
  expect(await vote(db, two, verificationId, pendingOf(asked))).toMatchObject({
    result: "applied",
    status: "in_review",
  });
});

test("nothing else is reopened, also not what is processed", async ({ db }) => {
  const as = user(await createStaff(db, "compliance_admin"));
  const { verificationId } = await createInReview(db, "low");
  const denied = (code: string, id: string) =>
    expectDenied(db, code, {
      as,
      does: overturnSql("kyc_reopen", id),
      keeps: everythingOf(verificationId),
    });
  await denied("NF032", verificationId);
  await denied("NF020", randomUUID());
});

test("only compliance, and not about oneself", async ({ db }) => {
  const { userId, verificationId } = await createDecided(db, "approved");
  const [does, keeps] = [overturnSql("kyc_reopen", verificationId), everythingOf(verificationId)];
  for (const role of ["support", "reviewer", "approver", "auditor", "admin"]) {
    await expectDenied(db, "NF010", { as: user(await createStaff(db, role)), does, keeps });
  }
  await db.sql`insert into private.user_roles (user_id, role) values (${userId}, 'compliance_admin')`;
  await expectDenied(db, "NF010", { as: user(userId), does, keeps });
  await expectDenied(db, "42501", { as: anon, does, keeps });
  await expectDenied(db, "42501", { as: service, does, keeps });
});
