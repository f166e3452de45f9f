import { expect } from "vitest";
import { type Db, test } from "../../../helpers/db.ts";
import { ingest } from "../../../helpers/db-events.ts";
import { createDraft, createSubmitted, move, statusOf } from "../../../helpers/db-fixtures.ts";

const caseOf = async (db: Db, verificationId: string) => {
  const [row] = await db.sql`
    select reason_code, review_owner, risk_level from private.kyc_cases where verification_id = ${verificationId}`;
  return row;
};

test.for([
  ["monitoring_hit", "monitoring_hit"],
  ["rejected", "document_fraud"],
] as const)(
  "after an approval, %s beside an open renewal: no room for a second open one, so the case is flagged",
  async ([outcome, reason], { db }) => {
    const { userId, verificationId } = await createSubmitted(db);
    await move(db, verificationId, "approved", "provider");
    const renewal = await createDraft(db, userId);
    const event = {
      provider_reference: "ref_beside",
      verification_id: verificationId,
      outcome,
      reason_codes: [reason],
    };
    expect(await ingest(db, { ...event, sequence: 1 })).toBe("conflict");
    expect(await ingest(db, { ...event, sequence: 2 })).toBe("conflict");
    const [row] = await db.sql`
      select v.status, c.flags from public.kyc_verifications as v join private.kyc_cases as c using (verification_id)
      where v.verification_id = ${verificationId}`;
    expect(row).toEqual({ status: "approved", flags: [reason] });
    expect(await statusOf(db, renewal)).toBe("draft");
  },
);

/** What a provider that reads documents says after its verdict. */
const identity = (nationality: string | null) => ({
  first_name: null,
  last_name: null,
  date_of_birth: null,
  nationality,
  document_number: null,
  issuing_country: null,
  document_expires_on: null,
});

const tell = (db: Db, verificationId: string, sequence: number, nationality: string | null) =>
  ingest(db, {
    provider_reference: "ref_read",
    verification_id: verificationId,
    outcome: "approved",
    sequence,
    extracted: identity(nationality),
  });

test("the nationality in the document counts: the provider approves and staff has to look", async ({
  db,
}) => {
  const { verificationId } = await createSubmitted(db);
  await tell(db, verificationId, 1, "KP");
  expect(await statusOf(db, verificationId)).toBe("in_review");
  expect(await caseOf(db, verificationId)).toMatchObject({
    reason_code: "high_risk",
    review_owner: "internal",
    risk_level: "high",
  });
});

test("a nationality that comes after the verdict takes the provider's approval back to staff, not that of staff", async ({
  db,
}) => {
  const { verificationId } = await createSubmitted(db);
  await tell(db, verificationId, 1, null);
  expect(await statusOf(db, verificationId)).toBe("approved");
  await tell(db, verificationId, 2, "KP");
  expect(await statusOf(db, verificationId)).toBe("in_review");
  expect(await caseOf(db, verificationId)).toMatchObject({ reason_code: "high_risk" });

  const other = await createSubmitted(db);
  await move(db, other.verificationId, "approved", "provider");
  await db.sql`insert into private.kyc_reviews (verification_id, reviewer_id, action, reason_code, note, attempt, version)
    values (${other.verificationId}, ${other.userId}, 'approve', 'manual_check', null, 1, 1)`;
  const event = { provider_reference: "ref_other", verification_id: other.verificationId };
  await ingest(db, { ...event, outcome: "approved", sequence: 1, extracted: identity("KP") });
  expect(await statusOf(db, other.verificationId)).toBe("approved");
});

test("a later message that knows less takes nothing away", async ({ db }) => {
  const { verificationId } = await createSubmitted(db);
  await tell(db, verificationId, 1, "FR");
  await tell(db, verificationId, 2, null);
  const [row] =
    await db.sql`select extracted from private.kyc_attempts where verification_id = ${verificationId}`;
  expect(row?.extracted).toEqual(identity("FR"));
});
