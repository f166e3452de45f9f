import { expect } from "vitest";
import { anon, type Db, expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import { ingest } from "../../../helpers/db-events.ts";
import { createStaff, move, statusOf } from "../../../helpers/db-fixtures.ts";
import {
  createSubmittedApplicant,
  decide,
  hitsOf,
  loadList,
} from "../../../helpers/db-screening.ts";

/** In review, with a hit on two lists that nobody has decided. */
async function arrange(db: Db) {
  const entry = { kind: "adverse_media", name: "Vladomir Grutschenko" } as const;
  await loadList(db, [{ ref: "M-1", ...entry }], { list: "one" });
  await loadList(db, [{ ref: "M-2", ...entry }], { list: "two" });
  const applicant = await createSubmittedApplicant(db, { first: "Vladomir", last: "Grutschenko" });
  await move(db, applicant.verificationId, "in_review", "provider", "provider_review");
  const hits = await hitsOf(db, applicant.userId);
  expect(hits).toHaveLength(2);
  return { ...applicant, hits, reviewer: user(await createStaff(db, "reviewer")) };
}

const approve = (verificationId: string) => (sql: Sql) =>
  sql`
  select private.kyc_decide(${verificationId}, 'approve', null, null, null,
    (select version from public.kyc_verifications where verification_id = ${verificationId}))`;

test("[SCREEN-01] staff approves when every hit is decided, and not before; the refusal names the open ones", async ({
  db,
}) => {
  const { verificationId, hits, reviewer } = await arrange(db);
  const keeps = (sql: Sql) => sql`
    select v.*, (select count(*) from private.kyc_reviews) as reviews
    from public.kyc_verifications as v where verification_id = ${verificationId}`;
  const open = new Set(hits.map(({ hit_id }) => hit_id));
  for (const hit of hits) {
    await expectDenied(db, "NF047", { as: reviewer, does: approve(verificationId), keeps });
    const refusal = await db.as(reviewer, approve(verificationId)).catch((error) => error);
    expect(new Set(JSON.parse(refusal.detail))).toEqual(open);
    await db.as(reviewer, decide(verificationId, hit));
    open.delete(hit.hit_id);
  }
  await db.as(reviewer, approve(verificationId));
  expect(await statusOf(db, verificationId)).toBe("approved");
});

test("no other way of staff to an approval leads past it", async ({ db }) => {
  const { verificationId } = await arrange(db);
  await expectDenied(db, "NF047", {
    as: { role: "postgres" },
    does: (sql) => sql`
      select private.kyc_transition(${verificationId}, 'approved', 'staff', 'somebody', 'manual_check', null, null, 'other')`,
    keeps: (sql) => sql`select status from public.kyc_verifications`,
  });
});

test("hits do not stand in the way of a rejection", async ({ db }) => {
  const { verificationId, reviewer } = await arrange(db);
  await db.as(
    reviewer,
    (sql) => sql`
      select private.kyc_decide(${verificationId}, 'reject', 'other', null, null,
        (select version from public.kyc_verifications where verification_id = ${verificationId}))`,
  );
  expect(await statusOf(db, verificationId)).toBe("rejected");
});

test.for(["sanctions", "pep", "adverse_media"] as const)(
  "[SCREEN-01] the provider's approval ends in a review by us while a hit is open: %s",
  async (kind, { db }) => {
    await loadList(db, [{ ref: "X-1", kind, name: "Vladomir Grutschenko" }]);
    const { verificationId } = await createSubmittedApplicant(db, {
      first: "Vladomir",
      last: "Grutschenko",
    });
    await ingest(db, {
      outcome: "approved",
      provider_reference: "ref_open",
      verification_id: verificationId,
      sequence: 1,
    });
    const [row] = await db.sql`
      select v.status, c.review_owner from public.kyc_verifications as v join private.kyc_cases as c using (verification_id)
      where verification_id = ${verificationId}`;
    expect(row).toEqual({ status: "in_review", review_owner: "internal" });
  },
);

test("an open hit is enough, whatever the rules make of it", async ({ db }) => {
  await db.sql`insert into private.risk_rule_sets (version, active_from, medium_from, high_from, critical_from, description)
    values (2, private.now() - interval '1 second', 30, 70, 150, 'No rule at all.')`;
  await loadList(db, [{ ref: "X-1", name: "Vladomir Grutschenko" }]);
  const { verificationId } = await createSubmittedApplicant(db, {
    first: "Vladomir",
    last: "Grutschenko",
  });
  await ingest(db, {
    outcome: "approved",
    provider_reference: "ref_no_rules",
    verification_id: verificationId,
    sequence: 1,
  });
  expect(await statusOf(db, verificationId)).toBe("in_review");
});

test("API roles cannot call it", async ({ db }) => {
  const { userId, verificationId } = await arrange(db);
  for (const as of [anon, service, user(userId)]) {
    await expectDenied(db, "42501", {
      as,
      does: (sql) => sql`select private.kyc_require_screening_decided(${verificationId})`,
      keeps: (sql) => sql`select status from private.screening_hits`,
    });
  }
});
