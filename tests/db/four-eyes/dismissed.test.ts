import { describe, expect } from "vitest";
import { type Db, service, test, user } from "../../helpers/db.ts";
import { providerEvent } from "../../helpers/db-events.ts";
import {
  addDocument,
  createDraft,
  createStaff,
  move,
  statusOf,
  submit,
} from "../../helpers/db-fixtures.ts";
import { decide, pendingOf, setRisk, vote } from "../../helpers/db-four-eyes.ts";
import {
  createSubmittedApplicant,
  hitsOf,
  decide as judge,
  loadList,
  riskOf,
} from "../../helpers/db-screening.ts";

/** Another verification of the same person, submitted. */
async function begin(db: Db, userId: string): Promise<string> {
  const verificationId = await createDraft(db, userId);
  await addDocument(db, userId, verificationId);
  await submit(db, userId, verificationId);
  return verificationId;
}

/** A listed person whose hit one reviewer has dismissed, and whose next verification is at low risk. */
async function createAnother(db: Db, kind: "sanctions" | "pep" | "adverse_media") {
  await loadList(db, [{ ref: "S-1", name: "Vladomir Grutschenko", kind }]);
  const { userId, verificationId: first } = await createSubmittedApplicant(db, {
    first: "Vladomir",
    last: "Grutschenko",
  });
  const reviewer = await createStaff(db, "reviewer");
  const [hit] = await hitsOf(db, userId);
  if (!hit) throw new Error("There is no hit.");
  await db.as(user(reviewer), judge(first, hit));
  await move(db, first, "cancelled", "staff", "cancelled_by_staff");
  await db.sql`select private.shift_clock('1 day')`;
  const verificationId = await begin(db, userId);
  await setRisk(db, verificationId, "low");
  return { userId, verificationId, reviewer, hit };
}

describe("[EYES-20] a hit that one person dismissed, and the next verification of the person", () => {
  test.for(["sanctions", "pep"] as const)("%s: two people approve it", async (kind, { db }) => {
    const { verificationId, reviewer } = await createAnother(db, kind);
    await move(db, verificationId, "in_review", "provider", "provider_review");
    expect((await decide(db, reviewer, verificationId)).result).toBe("pending_second_approval");
  });

  test.for([
    ["one person is enough once two have approved", false, "applied"],
    ["not when one person has judged the hit again since", true, "pending_second_approval"],
  ] as const)("%s", async ([, isJudgedAgain, result], { db }) => {
    const { userId, verificationId, reviewer, hit } = await createAnother(db, "sanctions");
    await move(db, verificationId, "in_review", "provider", "provider_review");
    const pending = pendingOf(await decide(db, reviewer, verificationId));
    await vote(db, await createStaff(db, "approver"), verificationId, pending);
    await move(db, verificationId, "expired", "scheduler");
    await db.sql`select private.shift_clock('1 day')`;
    const renewal = await begin(db, userId);
    await move(db, renewal, "in_review", "provider", "provider_review");
    if (isJudgedAgain) await db.as(user(reviewer), judge(renewal, hit));
    expect((await riskOf(db, renewal)).level).toBe("low");
    expect((await decide(db, reviewer, renewal)).result).toBe(result);
  });

  test("the provider's approval is not the last word", async ({ db }) => {
    const { verificationId } = await createAnother(db, "sanctions");
    const event = providerEvent({
      outcome: "approved",
      provider_reference: "ref_another",
      verification_id: verificationId,
      sequence: 1,
    });
    await db.as(
      service,
      (sql) => sql`select private.kyc_ingest_event('mock', ${sql.json(event)}, '')`,
    );
    expect(await statusOf(db, verificationId)).toBe("in_review");
  });

  test("adverse media are not a matter for two people", async ({ db }) => {
    const { verificationId, reviewer } = await createAnother(db, "adverse_media");
    await move(db, verificationId, "in_review", "provider", "provider_review");
    expect((await decide(db, reviewer, verificationId)).result).toBe("applied");
  });
});
