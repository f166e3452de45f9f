import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { anon, type Db, expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import {
  announceDocument,
  createDraft,
  createPerson,
  createStaff,
} from "../../../helpers/db-fixtures.ts";
import { caseOf, createInReview, holdOf, lastEntry, passTime } from "../../../helpers/db-review.ts";

const links = (verificationId: string, documentId: string) => (sql: Sql) =>
  sql`select private.kyc_document_link(${verificationId}, ${documentId}) as link`;

const pathOf = async (db: Db, documentId: string) => {
  const [row] =
    await db.sql`select storage_path from public.kyc_documents where document_id = ${documentId}`;
  return row?.storage_path;
};

test.for(["reviewer", "approver", "compliance_admin"])(
  "%s is told where the file lies, and it is written down who was",
  async (role, { db }) => {
    const { verificationId, documentId } = await createInReview(db);
    const id = await createStaff(db, role);
    const [row] = await db.as(user(id), links(verificationId, documentId));
    expect(row?.link).toEqual({
      storage_path: await pathOf(db, documentId),
      content_type: "image/jpeg",
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await lastEntry(db, verificationId)).toEqual({
      action: "kyc.document_read",
      actor_kind: "staff",
      actor_id: id,
      subject_type: "kyc_document",
      subject_id: documentId,
      reason_code: null,
      details: { attempt: 1 },
    });
  },
);

test("looking is work: it starts the holder's hold anew", async ({ db }) => {
  const { verificationId, documentId } = await createInReview(db);
  const holder = await createStaff(db, "reviewer");
  await db.as(user(holder), (sql) => sql`select private.kyc_claim_next()`);
  await passTime(db, "20 minutes");
  await db.as(user(holder), links(verificationId, documentId));
  expect(await holdOf(db, verificationId)).toEqual({ holder, rest: "00:30:00" });
});

test("[DOC-03] support, auditors and administrators see no document", async ({ db }) => {
  const { verificationId, documentId } = await createInReview(db);
  const keeps = caseOf(verificationId);
  const does = links(verificationId, documentId);
  for (const role of ["support", "auditor", "admin"]) {
    await expectDenied(db, "NF010", { as: user(await createStaff(db, role)), does, keeps });
  }
  await expectDenied(db, "42501", { as: anon, does, keeps });
  await expectDenied(db, "42501", { as: service, does, keeps });
});

test("nobody gets a link to the own document here", async ({ db }) => {
  const { userId, verificationId, documentId } = await createInReview(db);
  const keeps = caseOf(verificationId);
  const does = links(verificationId, documentId);
  await expectDenied(db, "NF010", { as: user(userId), does, keeps });
  await db.sql`insert into private.user_roles (user_id, role) values (${userId}, 'reviewer')`;
  await expectDenied(db, "NF010", { as: user(userId), does, keeps });
});

test("what is not there: unknown, of another case, not uploaded yet, removed after its time", async ({
  db,
}) => {
  const { verificationId, documentId } = await createInReview(db);
  const other = await createInReview(db);
  const person = await createPerson(db);
  const draft = await createDraft(db, person);
  const { documentId: pending } = await announceDocument(db, person, draft);
  const as = user(await createStaff(db, "reviewer"));
  const keeps = caseOf(verificationId);
  await expectDenied(db, "NF020", { as, does: links(verificationId, randomUUID()), keeps });
  await expectDenied(db, "NF020", { as, does: links(verificationId, other.documentId), keeps });
  await expectDenied(db, "NF020", { as, does: links(draft, pending), keeps });
  await db.sql`update public.kyc_documents set purged_at = now() where document_id = ${documentId}`;
  await expectDenied(db, "NF020", { as, does: links(verificationId, documentId), keeps });
});
