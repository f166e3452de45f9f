import { randomUUID } from "node:crypto";
import { describe, expect } from "vitest";
import { type Db, expectDenied, operator, service, test, user } from "../../helpers/db.ts";
import { providerEvent } from "../../helpers/db-events.ts";
import {
  createProcessing,
  createStaff,
  createSubmitted,
  move,
  statusOf,
} from "../../helpers/db-fixtures.ts";
import {
  createDecided,
  createPending,
  decide,
  everythingOf,
  outcomesOf,
  overturn,
  pendingOf,
  setRisk,
  vote,
  voteSql,
} from "../../helpers/db-four-eyes.ts";

/** A politically exposed person, say: at high risk, and no provider may approve. One person has dismissed the hit. */
async function createLowered(db: Db) {
  const submitted = await createProcessing(db);
  await db.sql`
    insert into private.risk_assessments (verification_id, attempt, occasion, version, score, level, requires_review, reasons)
    select ${submitted.verificationId}, 1, 'submission', max(version), 70, 'high', true, '[]' from private.risk_rule_sets`;
  await move(db, submitted.verificationId, "in_review", "staff");
  return { ...submitted, reviewer: user(await createStaff(db, "reviewer")) };
}

const requeue = (verificationId: string) => (sql: Db["sql"]) =>
  sql`select private.kyc_requeue(${verificationId})`;

const cancel = (verificationId: string) => (sql: Db["sql"]) =>
  sql`select private.kyc_bulk(${sql.json({
    action: "cancel",
    reason_code: "cancelled_by_staff",
    items: [{ verification_id: verificationId }],
  })}) -> 0 as item`;

describe("[EYES-10] a hit that one person dismissed, and the case sent again by the same person", () => {
  test("the provider's approval is not the last word", async ({ db }) => {
    const { verificationId, reference, reviewer } = await createLowered(db);
    await db.as(reviewer, requeue(verificationId));
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
  });

  test("it is not cancelled by one person, who could have the person begin anew", async ({
    db,
  }) => {
    const { verificationId, reviewer } = await createLowered(db);
    await db.as(reviewer, requeue(verificationId));
    expect(await db.as(reviewer, cancel(verificationId))).toMatchObject([
      { item: { sqlstate: "NF013", status: "submitted" } },
    ]);
  });
});

describe("[EYES-18] an administrator and the account of a colleague", () => {
  test("the e-mail address stays: whoever reads the mail has the account, and its vote", async ({
    db,
  }) => {
    const admin = operator(await createStaff(db, "admin"));
    const { second } = await createPending(db);
    const email = `${randomUUID()}@example.com`;
    await expectDenied(db, "NF010", {
      as: admin,
      does: (sql) =>
        sql`select private.nff_update_user(${second}, version, ${sql.json({ email })})
          from public.profiles where user_id = ${second}`,
      keeps: (sql) => sql`
        select profile.*, (select count(*) from private.account_changes) as changes
        from public.profiles as profile where user_id = ${second}`,
    });
  });

  test("the own one and those of people without a role may change", async ({ db }) => {
    const id = await createStaff(db, "admin");
    const email = `${randomUUID()}@example.com`;
    const [row] = await db.as(
      operator(id),
      (sql) => sql`select private.nff_update_user(${id}, version, ${sql.json({ email })}) as state
        from public.profiles where user_id = ${id}`,
    );
    expect(row?.state).toMatchObject({ outcome: "pending" });
  });
});

describe("[EYES-19] an approval that one person puts back into review", () => {
  test.for(["reject", "request_resubmission"])(
    "is not ended by one person either: %s",
    async (action, { db }) => {
      const { verificationId, documentId } = await createDecided(db, "approved");
      await setRisk(db, verificationId, "low");
      const officer = await createStaff(db, "compliance_admin");
      await db.as(
        user(officer),
        (sql) => sql`select private.kyc_reopen(${verificationId}, 'other', null, null)`,
      );
      expect(await statusOf(db, verificationId)).toBe("in_review");
      const [row] = await db.as(
        user(officer),
        (sql) => sql`select private.kyc_decide(${verificationId}, ${action}, 'other', null,
        ${action === "reject" ? null : sql.json([{ document_id: documentId, reason_code: "other" }])}, null)
        ->> 'result' as result`,
      );
      expect(row).toEqual({ result: "pending_second_approval" });
    },
  );

  test("nor by sending it again and rejecting what the provider asks for", async ({ db }) => {
    const { verificationId } = await createDecided(db, "approved");
    await setRisk(db, verificationId, "low");
    const officer = await createStaff(db, "compliance_admin");
    await overturn(db, officer, "kyc_reopen", verificationId);
    await db.as(user(officer), requeue(verificationId));
    await move(db, verificationId, "resubmission_required", "provider", "image_unreadable");
    const pending = pendingOf(await decide(db, officer, verificationId, "reject"));
    await expectDenied(db, "NF013", {
      as: user(officer),
      does: voteSql(verificationId, pending),
      keeps: everythingOf(verificationId),
    });
    await vote(db, await createStaff(db, "approver"), verificationId, pending);
    expect(await statusOf(db, verificationId)).toBe("rejected");
  });

  test("what waits there is void when the person cancels", async ({ db }) => {
    const { verificationId } = await createSubmitted(db);
    await move(db, verificationId, "resubmission_required", "provider", "image_unreadable");
    await setRisk(db, verificationId, "high");
    await decide(db, await createStaff(db, "reviewer"), verificationId, "reject");
    await move(db, verificationId, "cancelled", "user");
    expect(await outcomesOf(db, verificationId)).toEqual(["void"]);
  });

  test("nor by sending it again and cancelling that", async ({ db }) => {
    const { verificationId } = await createDecided(db, "approved");
    await setRisk(db, verificationId, "low");
    const officer = user(await createStaff(db, "compliance_admin"));
    await db.as(
      officer,
      (sql) => sql`select private.kyc_reopen(${verificationId}, 'other', null, null)`,
    );
    await db.as(officer, requeue(verificationId));
    expect(await db.as(officer, cancel(verificationId))).toMatchObject([
      { item: { sqlstate: "NF013", status: "submitted" } },
    ]);
  });

  test("it may be confirmed by one person, as at first", async ({ db }) => {
    const { verificationId } = await createDecided(db, "approved");
    await setRisk(db, verificationId, "low");
    const officer = user(await createStaff(db, "compliance_admin"));
    await db.as(
      officer,
      (sql) => sql`select private.kyc_reopen(${verificationId}, 'other', null, null)`,
    );
    const [row] = await db.as(
      officer,
      (sql) => sql`select private.kyc_decide(${verificationId}, 'approve', null, null, null, null)
        ->> 'result' as result`,
    );
    expect(row).toEqual({ result: "applied" });
  });
});
