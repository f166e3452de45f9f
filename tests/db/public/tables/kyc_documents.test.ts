import { expect } from "vitest";
import { anon, expectDenied, service, test, user } from "../../../helpers/db.ts";
import {
  addDocument,
  createDraft,
  createPerson,
  createUser,
} from "../../../helpers/db-fixtures.ts";

test("a person can read the own documents and no others", async ({ db }) => {
  const id = await createPerson(db);
  const documentId = await addDocument(db, id, await createDraft(db, id));
  const rows = await db.as(user(id), (sql) => sql`select document_id from public.kyc_documents`);
  expect([...rows]).toEqual([{ document_id: documentId }]);
  const other = await createUser(db);
  expect(await db.as(user(other), (sql) => sql`select from public.kyc_documents`)).toHaveLength(0);
});

test("no API role accepts, replaces or removes a document", async ({ db }) => {
  const id = await createPerson(db);
  const documentId = await addDocument(db, id, await createDraft(db, id));
  const keeps = (sql: typeof db.sql) =>
    sql`select * from public.kyc_documents where document_id = ${documentId}`;
  for (const as of [anon, user(id), service]) {
    for (const does of [
      (sql: typeof db.sql) =>
        sql`update public.kyc_documents set status = 'accepted' where document_id = ${documentId}`,
      (sql: typeof db.sql) =>
        sql`update public.kyc_documents set storage_path = 'x' where document_id = ${documentId}`,
      (sql: typeof db.sql) =>
        sql`delete from public.kyc_documents where document_id = ${documentId}`,
    ]) {
      await expectDenied(db, "42501", { as, does, keeps });
    }
  }
});
