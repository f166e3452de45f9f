import { randomUUID } from "node:crypto";
import { describe, expect } from "vitest";
import { anon, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createStaff, createUser, statusOf } from "../../../helpers/db-fixtures.ts";
import {
  createPending,
  decide,
  everythingOf,
  outcomesOf,
  pendingOf,
  vote,
  voteSql,
} from "../../../helpers/db-four-eyes.ts";

describe("confirm", () => {
  test.for([
    ["approve", "approved"],
    ["reject", "rejected"],
    ["request_resubmission", "resubmission_required"],
  ] as const)("%s is carried out as it was asked for", async ([decision, status], { db }) => {
    const { verificationId, documentId, first, second, pending } = await createPending(
      db,
      decision,
    );
    expect(pending).toMatchObject({
      action: decision,
      from_status: "in_review",
      to_status: status,
      requested_by: first,
      document_ids: decision === "request_resubmission" ? [documentId] : [],
      request_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const answer = await vote(db, second, verificationId, pending, {
      reason: "manual_check",
      note: "Seen too.",
    });
    expect(answer).toEqual({
      result: "applied",
      verification_id: verificationId,
      status,
      version: pending.version + 1,
      attempt: 1,
      pending_approval: null,
    });
    const reviews = await db.sql`
      select reviewer_id, vote, action, reason_code, note, version from private.kyc_reviews
      where verification_id = ${verificationId} and approval_id = ${pending.approval_id} order by vote desc`;
    const both = { action: decision, version: pending.version };
    expect([...reviews]).toEqual([
      {
        ...both,
        reviewer_id: first,
        vote: "propose",
        reason_code: "known_fraud",
        note: "xylophone",
      },
      {
        ...both,
        reviewer_id: second,
        vote: "confirm",
        reason_code: "manual_check",
        note: "Seen too.",
      },
    ]);
    expect(await outcomesOf(db, verificationId)).toEqual(["confirmed"]);
  });

  test("the audit names both people, and whose act each entry is", async ({ db }) => {
    const { verificationId, first, second, pending } = await createPending(db);
    await vote(db, second, verificationId, pending);
    const entries = await db.sql`
      select action, actor_id, reason_code, details::jsonb ->> 'second_actor' as second,
        details::jsonb ->> 'approval_id' as approval
      from private.audit_log where stream = 'kyc:' || ${verificationId}::text order by sequence desc limit 3`;
    const { approval_id: approval } = pending;
    expect([...entries].reverse()).toEqual([
      {
        action: "kyc.decision_requested",
        actor_id: first,
        reason_code: null,
        second: null,
        approval,
      },
      {
        action: "kyc.transition",
        actor_id: first,
        reason_code: "known_fraud",
        second,
        approval: null,
      },
      {
        action: "kyc.decision_confirmed",
        actor_id: second,
        reason_code: null,
        second: null,
        approval,
      },
    ]);
    expect(
      await db.sql`select * from private.audit_verify('kyc:' || ${verificationId}::text)`,
    ).toEqual([]);
  });

  test("the second person need not hold the case, and a hold of others does not matter", async ({
    db,
  }) => {
    const { verificationId, second, pending } = await createPending(db);
    await db.sql`update private.kyc_cases set lease_expires_at = private.now() + interval '1 hour',
      assignee_id = ${await createStaff(db, "reviewer")} where verification_id = ${verificationId}`;
    expect(await vote(db, second, verificationId, pending)).toMatchObject({ result: "applied" });
  });
});

describe("decline", () => {
  test("ends the request, with a reason, and leaves the verification as it was", async ({ db }) => {
    const { verificationId, first, second, pending } = await createPending(db);
    const answer = await vote(db, second, verificationId, pending, {
      vote: "decline",
      reason: "document_fraud",
    });
    expect(answer).toMatchObject({
      result: "declined",
      status: "in_review",
      version: pending.version,
      pending_approval: null,
    });
    expect(await outcomesOf(db, verificationId)).toEqual(["declined"]);
    const [entry] = await db.sql`select action, actor_id, reason_code from private.audit_log
      where stream = 'kyc:' || ${verificationId}::text order by sequence desc limit 1`;
    expect(entry).toEqual({
      action: "kyc.decision_declined",
      actor_id: second,
      reason_code: "document_fraud",
    });
    const again = await decide(db, first, verificationId);
    expect(pendingOf(again).approval_id).not.toBe(pending.approval_id);
  });

  test("needs a reason", async ({ db }) => {
    const { verificationId, second, pending } = await createPending(db);
    await expectDenied(db, "NF064", {
      as: user(second),
      does: voteSql(verificationId, pending, { vote: "decline" }),
      keeps: everythingOf(verificationId),
    });
  });
});

test.for([
  ["NF001", { vote: "maybe" }],
  ["NF001", { vote: null }],
  ["NF001", { reason: "made_up" }],
  ["NF001", { note: "" }],
  ["NF039", { hash: "0".repeat(64) }],
] as const)("refused with %s: %j", async ([code, options], { db }) => {
  const { verificationId, second, pending } = await createPending(db);
  await expectDenied(db, code, {
    as: user(second),
    does: voteSql(verificationId, pending, options),
    keeps: everythingOf(verificationId),
  });
});

test("unknown verifications and requests, and the request of another case", async ({ db }) => {
  const [one, other] = [await createPending(db), await createPending(db)];
  const keeps = everythingOf(one.verificationId);
  const as = user(one.second);
  await expectDenied(db, "NF020", { as, does: voteSql(randomUUID(), one.pending), keeps });
  const unknown = { ...one.pending, approval_id: randomUUID() };
  await expectDenied(db, "NF039", { as, does: voteSql(one.verificationId, unknown), keeps });
  await expectDenied(db, "NF039", { as, does: voteSql(one.verificationId, other.pending), keeps });
});

test("only approvers and compliance may vote; no other role, no backend, no stranger", async ({
  db,
}) => {
  const { userId, verificationId, pending } = await createPending(db);
  const [does, keeps] = [voteSql(verificationId, pending), everythingOf(verificationId)];
  for (const role of ["support", "reviewer", "auditor", "admin"]) {
    await expectDenied(db, "NF010", { as: user(await createStaff(db, role)), does, keeps });
  }
  for (const id of [userId, await createUser(db)]) {
    await expectDenied(db, "NF010", { as: user(id), does, keeps });
  }
  await expectDenied(db, "42501", { as: anon, does, keeps });
  await expectDenied(db, "42501", { as: service, does, keeps });
  const officer = await createStaff(db, "compliance_admin");
  await vote(db, officer, verificationId, pending);
  expect(await statusOf(db, verificationId)).toBe("approved");
});
