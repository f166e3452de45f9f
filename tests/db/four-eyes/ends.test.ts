import { describe, expect } from "vitest";
import { type Db, expectDenied, service, test, user } from "../../helpers/db.ts";
import { addDocument, createStaff, move } from "../../helpers/db-fixtures.ts";
import {
  createDecided,
  createPending,
  decide,
  everythingOf,
  outcomesOf,
  overturn,
  overturnSql,
  pendingOf,
  setRisk,
  vote,
  voteSql,
} from "../../helpers/db-four-eyes.ts";

describe("[EYES-13] a request counts for a day", () => {
  const late = (db: Db) =>
    db.as(service, (sql) => sql`select private.shift_clock('24 hours'::interval)`);

  test("afterwards the vote is refused, whether or not the job has run; then it is closed", async ({
    db,
  }) => {
    const { verificationId, first, second, pending } = await createPending(db);
    await db.as(service, (sql) => sql`select private.shift_clock('23 hours 59 minutes'::interval)`);
    const keeps = everythingOf(verificationId);
    await db.as(service, (sql) => sql`select private.run_schedules(100, true)`);
    expect(await outcomesOf(db, verificationId)).toEqual([null]);
    await db.as(service, (sql) => sql`select private.shift_clock('1 minute'::interval)`);
    const refused = { as: user(second), does: voteSql(verificationId, pending), keeps };
    await expectDenied(db, "NF039", refused);
    await db.as(service, (sql) => sql`select private.run_schedules(100, true)`);
    expect(await outcomesOf(db, verificationId)).toEqual(["lapsed"]);
    const [entry] = await db.sql`select actor_kind, action, reason_code from private.audit_log
      where stream = 'kyc:' || ${verificationId}::text order by sequence desc limit 1`;
    expect(entry).toEqual({
      actor_kind: "system",
      action: "kyc.decision_lapsed",
      reason_code: null,
    });
    await expectDenied(db, "NF039", refused);
    expect(pendingOf(await decide(db, first, verificationId)).approval_id).not.toBe(
      pending.approval_id,
    );
  });

  test("one that lapsed does not stand in the way of the next, by anybody", async ({ db }) => {
    const { verificationId, second } = await createPending(db);
    await late(db);
    expect((await decide(db, second, verificationId)).result).toBe("pending_second_approval");
    expect(await outcomesOf(db, verificationId)).toEqual(["replaced", null]);
  });
});

describe("[EYES-14] whatever moves the case voids the request", () => {
  test("sent to the provider again", async ({ db }) => {
    const { verificationId, second, pending } = await createPending(db);
    await move(db, verificationId, "submitted", "staff");
    expect(await outcomesOf(db, verificationId)).toEqual(["void"]);
    await move(db, verificationId, "in_review", "provider", "provider_review");
    await expectDenied(db, "NF039", {
      as: user(second),
      does: voteSql(verificationId, pending),
      keeps: everythingOf(verificationId),
    });
  });

  test("documents asked for, and handed in again", async ({ db }) => {
    const { userId, verificationId, first, second, pending } = await createPending(
      db,
      "request_resubmission",
    );
    await vote(db, second, verificationId, pending);
    await db.as(service, (sql) => sql`select private.shift_clock('2 minutes'::interval)`);
    await addDocument(db, userId, verificationId);
    await db.as(user(userId), (sql) => sql`select private.kyc_submit(${verificationId})`);
    await move(db, verificationId, "in_review", "provider", "provider_review");
    await setRisk(db, verificationId, "high");
    await expectDenied(db, "NF038", {
      as: user(await createStaff(db, "approver")),
      does: voteSql(verificationId, pending),
      keeps: everythingOf(verificationId),
    });
    expect((await decide(db, first, verificationId)).result).toBe("pending_second_approval");
  });

  test("an approval that is put back into review, or expires, while its end is asked for", async ({
    db,
  }) => {
    const [one, two] = [
      await createStaff(db, "compliance_admin"),
      await createStaff(db, "compliance_admin"),
    ];
    for (const end of [
      (id: string) => overturn(db, two, "kyc_reopen", id),
      (id: string) => move(db, id, "expired", "scheduler"),
    ]) {
      const { verificationId } = await createDecided(db, "approved");
      const asked = pendingOf(await overturn(db, one, "kyc_revoke", verificationId));
      await end(verificationId);
      expect(await outcomesOf(db, verificationId)).toEqual(["void"]);
      await expectDenied(db, "NF039", {
        as: user(two),
        does: voteSql(verificationId, asked),
        keeps: everythingOf(verificationId),
      });
    }
  });
});

describe("[EYES-15] another verification of the person decides nothing about this one", () => {
  test("it has its own risk and needs its own two people", async ({ db }) => {
    const { userId, verificationId, first, second, pending } = await createPending(db, "reject");
    await vote(db, second, verificationId, pending);
    await expect(
      db.as(user(userId), (sql) => sql`select private.kyc_create_verification()`),
    ).rejects.toMatchObject({ code: "NF034" });
    const officers = [
      await createStaff(db, "compliance_admin"),
      await createStaff(db, "compliance_admin"),
    ] as const;
    const asked = pendingOf(await overturn(db, officers[0], "kyc_reopen", verificationId));
    await vote(db, officers[1], verificationId, asked);
    expect((await decide(db, first, verificationId)).result).toBe("pending_second_approval");
  });

  test("while another one is open, a rejected one is neither proposed to be reopened nor reopened", async ({
    db,
  }) => {
    const { userId, verificationId } = await createDecided(db, "rejected");
    const [one, two] = [
      await createStaff(db, "compliance_admin"),
      await createStaff(db, "compliance_admin"),
    ];
    const asked = pendingOf(await overturn(db, one, "kyc_reopen", verificationId));
    await db.sql`insert into public.kyc_verifications (user_id, max_attempts) values (${userId}, 3)`;
    const keeps = everythingOf(verificationId);
    await expectDenied(db, "NF031", { as: user(two), does: voteSql(verificationId, asked), keeps });
    await expectDenied(db, "NF031", {
      as: user(one),
      does: overturnSql("kyc_reopen", verificationId),
      keeps,
    });
  });
});

test("what a decision needs is checked again when it is confirmed", async ({ db }) => {
  const { verificationId, documentId, second, pending } = await createPending(
    db,
    "request_resubmission",
  );
  await db.sql`alter table public.kyc_verifications disable trigger user`;
  await db.sql`update public.kyc_verifications set max_attempts = 1 where verification_id = ${verificationId}`;
  await expectDenied(db, "NF034", {
    as: user(second),
    does: voteSql(verificationId, pending),
    keeps: (sql) => sql`select status from public.kyc_documents where document_id = ${documentId}`,
  });
});
