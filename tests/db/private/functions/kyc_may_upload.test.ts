import { expect } from "vitest";
import { anon, expectDenied, type Sql, test, user } from "../../../helpers/db.ts";
import { announceDocument, createDraft, createPerson } from "../../../helpers/db-fixtures.ts";

const may = (name: string | null) => (sql: Sql) =>
  sql`select private.kyc_may_upload(${name}) as may`;

test("only the owner, only the announced name, only while it is pending", async ({ db }) => {
  const id = await createPerson(db);
  const { storagePath, documentId } = await announceDocument(db, id, await createDraft(db, id));
  const ask = async (asker: string, name: string | null) => {
    const [row] = await db.as(user(asker), may(name));
    return row?.may;
  };
  expect(await ask(id, storagePath)).toBe(true);
  expect(await ask(await createPerson(db), storagePath)).toBe(false);
  for (const name of [`${storagePath}/x`, storagePath.toUpperCase(), "x", "", null]) {
    expect(await ask(id, name), String(name)).toBe(false);
  }
  await db.sql`update public.kyc_documents set status = 'uploaded' where document_id = ${documentId}`;
  expect(await ask(id, storagePath)).toBe(false);
});

test("anonymous callers may not even ask", async ({ db }) => {
  await expectDenied(db, "42501", {
    as: anon,
    does: may("x"),
    keeps: (sql) => sql`select count(*) from storage.objects`,
  });
});
