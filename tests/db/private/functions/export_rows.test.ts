import { expect } from "vitest";
import type { Db } from "../../../helpers/db.ts";
import { expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createPerson, createProcessing } from "../../../helpers/db-fixtures.ts";
import {
  claimExport,
  type ExportClaim,
  later,
  requestExport,
} from "../../../helpers/db-privacy.ts";

async function rows(db: Db, { export_id, lease_id }: ExportClaim, section: string) {
  const found = await db.as(
    service,
    (sql) => sql<{ row: string }[]>`
      select export_rows as row from private.export_rows(${export_id}, ${lease_id}, ${section})`,
  );
  return found.map(({ row }): unknown => JSON.parse(row));
}

async function claimFor(db: Db, userId: string): Promise<ExportClaim> {
  await requestExport(db, userId);
  const claim = await claimExport(db);
  if (!claim) throw new Error("Nothing was claimed.");
  return claim;
}

test("each section holds the rows of its person and no secrets", async ({ db }) => {
  const { userId, verificationId, reference } = await createProcessing(db);
  await createProcessing(db);
  const claim = await claimFor(db, userId);
  expect(await rows(db, claim, "profile")).toEqual([
    expect.objectContaining({ user_id: userId, first_name: "Anna", last_name: "Schmidt" }),
  ]);
  expect(await rows(db, claim, "address")).toEqual([expect.objectContaining({ city: "Berlin" })]);
  expect(await rows(db, claim, "consents")).toHaveLength(3);
  expect(await rows(db, claim, "submissions")).toEqual([
    expect.objectContaining({
      verification_id: verificationId,
      provider_reference: reference,
      applicant: expect.objectContaining({ last_name: "Schmidt" }),
    }),
  ]);
  const account = JSON.stringify(await rows(db, claim, "account"));
  expect(account).toContain(`${userId}@example.com`);
  expect(account).not.toMatch(/password|token/);
  expect(await rows(db, claim, "activity")).not.toEqual([]);
});

test("every section can be read, and holds nothing of anybody else", async ({ db }) => {
  const other = await createProcessing(db);
  const { userId } = await createProcessing(db);
  const claim = await claimFor(db, userId);
  for (const section of claim.sections) {
    const text = JSON.stringify(await rows(db, claim, section));
    for (const id of [other.userId, other.verificationId, other.documentId]) {
      expect(text, section).not.toContain(id);
    }
  }
});

test("without the lease there is nothing to read", async ({ db }) => {
  const id = await createPerson(db);
  const lost = await claimFor(db, id);
  await later(db, "2 minutes");
  await claimExport(db);
  expect(await rows(db, lost, "profile")).toEqual([]);
  await expectDenied(db, "42501", {
    as: user(id),
    does: (sql) => sql`select private.export_rows(${lost.export_id}, ${lost.lease_id}, 'profile')`,
    keeps: (sql) => sql`select * from private.data_exports`,
  });
});
