import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { expectDenied, type Sql, test, user } from "../../../helpers/db.ts";
import {
  announceDocument,
  createDraft,
  createPerson,
  createSubmitted,
} from "../../../helpers/db-fixtures.ts";

const get = (verificationId: string, documentId: string) => (sql: Sql) =>
  sql`select private.kyc_get_document(${verificationId}, ${documentId}) as answer`;

test("a person gets the own document with its name in the bucket", async ({ db }) => {
  const id = await createPerson(db);
  const verificationId = await createDraft(db, id);
  const { documentId, storagePath } = await announceDocument(db, id, verificationId);
  const [row] = await db.as(user(id), get(verificationId, documentId));
  expect(row?.answer).toMatchObject({
    document: { document_id: documentId, status: "pending" },
    storage_path: storagePath,
    is_editable: true,
  });
});

test("after submission it is not editable", async ({ db }) => {
  const { userId, verificationId, documentId } = await createSubmitted(db);
  const [row] = await db.as(user(userId), get(verificationId, documentId));
  expect(row?.answer.is_editable).toBe(false);
});

test("somebody else's document looks like one that does not exist", async ({ db }) => {
  const { verificationId, documentId } = await createSubmitted(db);
  const other = user(await createPerson(db));
  const keeps = (sql: Sql) =>
    sql`select * from public.kyc_documents where document_id = ${documentId}`;
  await expectDenied(db, "NF020", { as: other, does: get(verificationId, documentId), keeps });
  await expectDenied(db, "NF020", { as: other, does: get(verificationId, randomUUID()), keeps });
});
