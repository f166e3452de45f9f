import { expect } from "vitest";
import { type Db, test, user } from "../../../helpers/db.ts";
import { ingest } from "../../../helpers/db-events.ts";
import { addDocument, createStaff, submit } from "../../../helpers/db-fixtures.ts";
import {
  createSubmittedApplicant,
  decide,
  type Entry,
  hitsOf,
  loadList,
  riskOf,
} from "../../../helpers/db-screening.ts";

const VLADOMIR = { first: "Vladomir", last: "Grutschenko" };
const LIST: readonly Entry[] = [
  { ref: "S-1", name: "Vladomir Grutschenko", birth_years: [1970] },
  { ref: "P-1", kind: "pep", name: "Ilse Testmanova" },
  { ref: "M-1", kind: "adverse_media", name: "Juan Pruebas" },
];
const CHANGED = LIST.map((entry) =>
  entry.ref === "S-1" ? { ...entry, countries: ["Ruritania"] } : entry,
);

/** A listed person who has submitted and whose hit a reviewer has judged. */
async function judged(db: Db, decision = "dismiss") {
  await loadList(db, LIST);
  const applicant = await createSubmittedApplicant(db, VLADOMIR);
  const reviewer = await createStaff(db, "reviewer");
  const [hit] = await hitsOf(db, applicant.userId);
  if (!hit) throw new Error("There is no hit.");
  await db.as(user(reviewer), decide(applicant.verificationId, hit, decision));
  return { ...applicant, reviewer, hit };
}

/** The provider wants another document, and the person submits again. */
async function resubmit(db: Db, userId: string, verificationId: string): Promise<void> {
  await ingest(db, {
    outcome: "resubmission_required",
    provider_reference: `ref_${verificationId}`,
    verification_id: verificationId,
    sequence: 1,
    reason_codes: ["image_unreadable"],
  });
  await addDocument(db, userId, verificationId);
  // Past the wait before the next attempt.
  await db.sql`select private.shift_clock('1 hour')`;
  await submit(db, userId, verificationId);
}

const statuses = async (db: Db, userId: string) =>
  (await hitsOf(db, userId)).map(({ status }) => status);

test("a listed person is found at submission, and staff is told by flag, level and audit", async ({
  db,
}) => {
  await loadList(db, LIST);
  const { userId, verificationId } = await createSubmittedApplicant(db, VLADOMIR);
  expect(await hitsOf(db, userId)).toMatchObject([{ entry_ref: "S-1", status: "open" }]);
  expect(await riskOf(db, verificationId)).toMatchObject({
    level: "critical",
    requires_review: true,
    reason_code: "sanctions_hit",
    flags: ["sanctions_hit"],
    codes: ["sanctions_match"],
  });
  const [audit] = await db.sql`
    select details::jsonb ->> 'entry' as entry, details like '%Grutschenko%' as names_the_person
    from private.audit_log where stream = 'kyc:' || ${verificationId}::text and action = 'kyc.screening_hit_found'`;
  expect(audit).toEqual({ entry: "S-1", names_the_person: false });
});

test.for([
  ["Ilse", "Testmanova", "high", "pep_hit"],
  ["Juan", "Pruebas", "medium", "adverse_media"],
] as const)(
  "%s %s: each kind of list has its level and reason",
  async ([first, last, level, reason], { db }) => {
    await loadList(db, LIST);
    const { verificationId } = await createSubmittedApplicant(db, { first, last });
    expect(await riskOf(db, verificationId)).toMatchObject({
      level,
      reason_code: reason,
      requires_review: true,
    });
  },
);

test("somebody who is not listed has no hits and low risk", async ({ db }) => {
  await loadList(db, LIST);
  const { userId, verificationId } = await createSubmittedApplicant(db, {
    first: "Anna",
    last: "Schmidt",
  });
  expect(await hitsOf(db, userId)).toEqual([]);
  expect(await riskOf(db, verificationId)).toMatchObject({ level: "low", score: 0, codes: [] });
});

test("a list that came after the submission counts at the verdict", async ({ db }) => {
  const { userId, verificationId } = await createSubmittedApplicant(db, VLADOMIR);
  expect(await riskOf(db, verificationId)).toMatchObject({ level: "low" });
  await loadList(db, LIST);
  await ingest(db, {
    outcome: "approved",
    provider_reference: "ref_late",
    verification_id: verificationId,
    sequence: 1,
  });
  expect(await statuses(db, userId)).toEqual(["open"]);
  const [row] = await db.sql`select status from public.kyc_verifications where user_id = ${userId}`;
  expect(row).toEqual({ status: "in_review" });
});

test("the name on the document is screened too, not only the one that was told", async ({ db }) => {
  await loadList(db, LIST);
  const { userId, verificationId } = await createSubmittedApplicant(db, {
    first: "Anna",
    last: "Schmidt",
  });
  await db.sql`update private.kyc_attempts
    set extracted = '{"first_name": "VLADOMIR", "last_name": "GRUTSCHENKO", "date_of_birth": "1970-05-01"}'
    where verification_id = ${verificationId}`;
  await ingest(db, {
    outcome: "approved",
    provider_reference: "ref_document",
    verification_id: verificationId,
    sequence: 1,
  });
  expect(await hitsOf(db, userId)).toMatchObject([{ entry_ref: "S-1" }]);
});

test("a dismissed hit stays dismissed at the next submission and no longer weighs", async ({
  db,
}) => {
  const { userId, verificationId, reviewer } = await judged(db);
  await resubmit(db, userId, verificationId);
  expect(await hitsOf(db, userId)).toMatchObject([{ status: "dismissed", decided_by: reviewer }]);
  expect(await riskOf(db, verificationId)).toMatchObject({ level: "low", flags: [] });
});

test("a confirmed hit stays confirmed and weighs", async ({ db }) => {
  const { userId, verificationId } = await judged(db, "confirm");
  await resubmit(db, userId, verificationId);
  expect(await statuses(db, userId)).toEqual(["confirmed"]);
  expect(await riskOf(db, verificationId)).toMatchObject({ level: "critical" });
});

test("within the attempt a dismissal does not lower the risk: one person cannot wave it through", async ({
  db,
}) => {
  await loadList(db, LIST);
  const { userId, verificationId } = await createSubmittedApplicant(db, VLADOMIR);
  const [hit] = await hitsOf(db, userId);
  if (!hit) throw new Error("There is no hit.");
  // Time passes between the submission and the decision.
  await db.sql`select private.shift_clock('1 minute')`;
  await db.as(user(await createStaff(db, "reviewer")), decide(verificationId, hit));
  await ingest(db, {
    outcome: "approved",
    provider_reference: "ref_ratchet",
    verification_id: verificationId,
    sequence: 1,
  });
  expect(await riskOf(db, verificationId)).toMatchObject({
    level: "critical",
    occasion: "verdict",
  });
  const [row] = await db.sql`select status from public.kyc_verifications where user_id = ${userId}`;
  expect(row).toEqual({ status: "in_review" });
});

test("an entry that changes opens its decided hits at once, and the case says so", async ({
  db,
}) => {
  const { userId, verificationId } = await judged(db);
  expect(await loadList(db, CHANGED, { version: "2" })).toMatchObject({ changed: 1, reopened: 1 });
  expect(await hitsOf(db, userId)).toMatchObject([{ status: "open", decided_by: null }]);
  const [row] = await db.sql`
    select c.flags, (select decision from private.screening_decisions) as remembered
    from private.kyc_cases as c where c.verification_id = ${verificationId}`;
  expect(row).toMatchObject({
    flags: ["sanctions_hit", "screening_changed"],
    remembered: "dismissed",
  });
  const [audit] = await db.sql`
    select details::jsonb as details from private.audit_log where action = 'kyc.screening_hit_reopened'`;
  expect(audit?.details).toEqual({ changed: "entry" });
});

test("the mark of a changed entry goes when the last open hit has been judged again", async ({
  db,
}) => {
  const { userId, verificationId, reviewer } = await judged(db);
  await loadList(db, CHANGED, { version: "2" });
  const [hit] = await hitsOf(db, userId);
  if (!hit) throw new Error("There is no hit.");
  await db.as(user(reviewer), decide(verificationId, hit));
  expect(await riskOf(db, verificationId)).toMatchObject({ flags: ["sanctions_hit"] });
});

test("another entry that changes opens nothing", async ({ db }) => {
  const { userId } = await judged(db);
  const next = LIST.map((entry) => (entry.ref === "P-1" ? { ...entry, countries: ["X"] } : entry));
  expect(await loadList(db, next)).toMatchObject({ changed: 1, reopened: 0 });
  expect(await statuses(db, userId)).toEqual(["dismissed"]);
});

test("an entry that goes and comes back as it was is still the one that was judged", async ({
  db,
}) => {
  const { userId, verificationId } = await judged(db);
  await loadList(db, LIST.slice(1), { version: "2" });
  await loadList(db, LIST, { version: "3" });
  await resubmit(db, userId, verificationId);
  expect(await statuses(db, userId)).toEqual(["dismissed"]);
});

test("an entry that comes back as another one is judged anew", async ({ db }) => {
  const { userId, verificationId } = await judged(db);
  await loadList(db, CHANGED.slice(1), { version: "2" });
  await loadList(db, CHANGED, { version: "3" });
  await resubmit(db, userId, verificationId);
  expect(await statuses(db, userId)).toEqual(["open"]);
});

test("a decision is about the person as screened: another name opens it again", async ({ db }) => {
  const { userId, verificationId } = await judged(db);
  await db.as(
    user(userId),
    (sql) => sql`select private.update_me('{"first_name": "Vladomir Ivan"}', null)`,
  );
  await resubmit(db, userId, verificationId);
  expect(await statuses(db, userId)).toEqual(["open"]);
  const [audit] = await db.sql`
    select details::jsonb as details from private.audit_log where action = 'kyc.screening_hit_reopened'`;
  expect(audit?.details).toEqual({ changed: "person" });
});

test("a decision is about one person: somebody else of the same name has an open hit", async ({
  db,
}) => {
  await judged(db);
  const namesake = await createSubmittedApplicant(db, VLADOMIR);
  expect(await statuses(db, namesake.userId)).toEqual(["open"]);
});
