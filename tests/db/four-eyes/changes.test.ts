import { describe, expect } from "vitest";
import { type Db, expectDenied, service, test, user } from "../../helpers/db.ts";
import { providerEvent } from "../../helpers/db-events.ts";
import { createProcessing, createStaff, move, statusOf } from "../../helpers/db-fixtures.ts";
import {
  createInReview,
  createPending,
  decide,
  everythingOf,
  pendingOf,
  setRisk,
  vote,
  voteSql,
} from "../../helpers/db-four-eyes.ts";

const addHit = (db: Db, userId: string, verificationId: string) =>
  db.sql`insert into private.screening_hits (user_id, verification_id, list_name, entry_ref, kind, matched_name, score,
      entry_hash, person_hash)
    values (${userId}, ${verificationId}, 'sample', 'S-1', 'sanctions', 'Anna Schmidt', 1, 'a', 'b')`;

const dismiss = (db: Db, userId: string, staff: string) =>
  db.sql`update private.screening_hits set status = 'dismissed', decided_by = ${staff}, decided_at = private.now()
    where user_id = ${userId}`;

type Pending = Awaited<ReturnType<typeof createPending>>;

describe("[EYES-05] what changes between the votes ends the request", () => {
  test.for<[string, (db: Db, pending: Pending) => Promise<unknown>]>([
    ["the risk", (db, { verificationId }) => setRisk(db, verificationId, "critical")],
    [
      "the score",
      (db, { verificationId }) =>
        db.sql`update private.kyc_cases set risk_score = 77 where verification_id = ${verificationId}`,
    ],
    ["a new screening hit", (db, { userId, verificationId }) => addHit(db, userId, verificationId)],
    [
      "a document",
      (db, { documentId }) =>
        db.sql`update public.kyc_documents set status = 'rejected', reason_code = 'other' where document_id = ${documentId}`,
    ],
    [
      "the version",
      (db, { verificationId }) =>
        db.sql`update public.kyc_verifications set version = version + 1 where verification_id = ${verificationId}`,
    ],
  ])("%s", async ([, change], { db }) => {
    const arranged = await createPending(db);
    const { verificationId, second, pending } = arranged;
    await change(db, arranged);
    await expectDenied(db, "NF039", {
      as: user(second),
      does: voteSql(verificationId, pending),
      keeps: everythingOf(verificationId),
    });
    const [row] = await db.as(
      user(second),
      (sql) => sql`select private.kyc_case(${verificationId}) -> 'pending_approval' as pending`,
    );
    expect(row).toEqual({ pending: null });
  });

  test("a decision on a hit too; then both judge what is there now", async ({ db }) => {
    const { userId, verificationId } = await createInReview(db);
    const [first, second] = [await createStaff(db, "reviewer"), await createStaff(db, "approver")];
    await addHit(db, userId, verificationId);
    const stale = pendingOf(await decide(db, first, verificationId, "reject"));
    await dismiss(db, userId, second);
    await expectDenied(db, "NF039", {
      as: user(second),
      does: voteSql(verificationId, stale),
      keeps: everythingOf(verificationId),
    });
    const current = pendingOf(await decide(db, first, verificationId));
    expect(await vote(db, second, verificationId, current)).toMatchObject({ status: "approved" });
  });

  test("what the person may change does not hold a decision up", async ({ db }) => {
    const { userId, verificationId, second, pending } = await createPending(db);
    await db.as(
      user(userId),
      (sql) => sql`select private.update_me('{"phone": "+491701234567"}', null)`,
    );
    expect(await vote(db, second, verificationId, pending)).toMatchObject({ status: "approved" });
  });
});

describe("[EYES-10] a lower risk does not make two people one", () => {
  test("lowered before the vote, or by declining and deciding anew", async ({ db }) => {
    const { verificationId, first, second, pending } = await createPending(db);
    await vote(db, second, verificationId, pending, { vote: "decline", reason: "other" });
    await setRisk(db, verificationId, "low");
    for (const id of [first, second]) {
      expect((await decide(db, id, verificationId)).result).toBe("pending_second_approval");
      await db.sql`update private.kyc_approvals set outcome = 'void', closed_at = private.now() where outcome is null`;
    }
  });

  test("a hit that one person dismissed, and another assessment, lower nothing in this attempt", async ({
    db,
  }) => {
    const { verificationId } = await createInReview(db, "low");
    await db.sql`
      insert into private.risk_assessments (verification_id, attempt, occasion, version, score, level, requires_review, reasons)
      select ${verificationId}, 1, 'submission', max(version), 900, 'critical', true, '[]' from private.risk_rule_sets`;
    const reviewer = await createStaff(db, "reviewer");
    expect((await decide(db, reviewer, verificationId)).result).toBe("pending_second_approval");
  });

  test("sent again after that, the provider's approval is not the last word", async ({ db }) => {
    const { verificationId, reference } = await createProcessing(db);
    await db.sql`
      insert into private.risk_assessments (verification_id, attempt, occasion, version, score, level, requires_review, reasons)
      select ${verificationId}, 1, 'submission', max(version), 900, 'critical', true, '[]' from private.risk_rule_sets`;
    await move(db, verificationId, "in_review", "staff");
    await move(db, verificationId, "submitted", "staff");
    const event = providerEvent({
      outcome: "approved",
      provider_reference: reference,
      verification_id: verificationId,
      sequence: 1,
    });
    await db.as(
      service,
      (sql) => sql`select private.kyc_ingest_event('mock', ${sql.json(event)}, '')`,
    );
    expect(await statusOf(db, verificationId)).toBe("in_review");
    const reviewer = await createStaff(db, "reviewer");
    expect((await decide(db, reviewer, verificationId)).result).toBe("pending_second_approval");
  });
});
