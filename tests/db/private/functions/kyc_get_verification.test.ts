import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { expectDenied, type Sql, test, user } from "../../../helpers/db.ts";
import { ingest } from "../../../helpers/db-events.ts";
import { createPerson, createProcessing, createSubmitted } from "../../../helpers/db-fixtures.ts";

const get = (verificationId: string) => (sql: Sql) =>
  sql`select private.kyc_get_verification(${verificationId}) as body`;

test("a person reads the own verification with its documents", async ({ db }) => {
  const { userId, verificationId, documentId } = await createSubmitted(db);
  const [row] = await db.as(user(userId), get(verificationId));
  expect(row?.body).toMatchObject({
    verification_id: verificationId,
    status: "submitted",
    requirements: [],
    documents: [{ document_id: documentId, status: "uploaded" }],
  });
});

test("after a request for resubmission it says which document to replace and why", async ({
  db,
}) => {
  const { userId, verificationId, documentId, reference } = await createProcessing(db);
  await ingest(db, {
    outcome: "resubmission_required",
    provider_reference: reference,
    sequence: 1,
    reason_codes: ["document_fraud", "image_unreadable"],
    rejected_documents: [{ type: "passport", side: "front", reason_code: "image_unreadable" }],
  });
  const [row] = await db.as(user(userId), get(verificationId));
  expect(row?.body).toMatchObject({
    status: "resubmission_required",
    reason_code: null,
    deadline_at: expect.stringMatching(/Z$/),
    requirements: [
      {
        kind: "document_replacement",
        field: null,
        document_type: "passport",
        side: "front",
        reason_code: "image_unreadable",
        document_id: documentId,
      },
    ],
  });
  expect(JSON.stringify(row?.body)).not.toContain("fraud");
});

test("somebody else's verification looks like one that does not exist", async ({ db }) => {
  const { verificationId } = await createSubmitted(db);
  const other = user(await createPerson(db));
  const keeps = (sql: Sql) =>
    sql`select * from public.kyc_verifications where verification_id = ${verificationId}`;
  await expectDenied(db, "NF020", { as: other, does: get(verificationId), keeps });
  await expectDenied(db, "NF020", { as: other, does: get(randomUUID()), keeps });
});
