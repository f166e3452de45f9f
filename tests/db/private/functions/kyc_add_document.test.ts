import { expect } from "vitest";
import { expectDenied, type Sql, test, user } from "../../../helpers/db.ts";
import {
  addDocument,
  announceDocument,
  createDraft,
  createPerson,
  createSubmitted,
  newSha256,
} from "../../../helpers/db-fixtures.ts";

const documentsOf = (verificationId: string) => (sql: Sql) =>
  sql`
  select * from public.kyc_documents where verification_id = ${verificationId} order by document_id`;
const add =
  (verificationId: string, type: string, side: string, size = 5000) =>
  (sql: Sql) =>
    sql`select private.kyc_add_document(${verificationId}, ${type}::text::public.document_type,
    ${side}::text::public.document_side, 'image/jpeg', ${size}, ${newSha256()}) as answer`;

test("a document is announced for the coming attempt, under a name that only ids make", async ({
  db,
}) => {
  const id = await createPerson(db);
  const verificationId = await createDraft(db, id);
  const [row] = await db.as(user(id), add(verificationId, "passport", "front"));
  expect(row?.answer.document).toMatchObject({
    type: "passport",
    side: "front",
    status: "pending",
    attempt: 1,
    reason_code: null,
    size_bytes: 5000,
  });
  expect(row?.answer.storage_path).toBe(
    `${id}/${verificationId}/${row?.answer.document.document_id}`,
  );
  const [changed] =
    await db.sql`select version from public.kyc_verifications where verification_id = ${verificationId}`;
  expect(changed).toEqual({ version: 2 });
});

test("one that was not uploaded is replaced, one that was is not", async ({ db }) => {
  const id = await createPerson(db);
  const verificationId = await createDraft(db, id);
  const first = await announceDocument(db, id, verificationId);
  const second = await addDocument(db, id, verificationId);
  const [row] = await db.as(
    user(id),
    (sql) => sql`select private.kyc_get_verification(${verificationId}) as body`,
  );
  expect(row?.body.documents.map((item: { document_id: string }) => item.document_id)).toEqual([
    second,
  ]);
  expect(second).not.toBe(first.documentId);
  await expectDenied(db, "NF035", {
    as: user(id),
    does: add(verificationId, "passport", "front"),
    keeps: documentsOf(verificationId),
  });
});

test("a person cannot add to somebody else's verification", async ({ db }) => {
  const owner = await createPerson(db);
  const verificationId = await createDraft(db, owner);
  await expectDenied(db, "NF020", {
    as: user(await createPerson(db)),
    does: add(verificationId, "passport", "front"),
    keeps: documentsOf(verificationId),
  });
});

test("nothing is added after submission", async ({ db }) => {
  const { userId, verificationId } = await createSubmitted(db);
  await expectDenied(db, "NF033", {
    as: user(userId),
    does: add(verificationId, "selfie", "front"),
    keeps: documentsOf(verificationId),
  });
});

test.for([
  ["passport", "back", 5000, "side"],
  ["selfie", "back", 5000, "side"],
  ["passport", "front", 2047, "size_bytes"],
  ["passport", "front", 10_485_761, "size_bytes"],
] as const)("a %s, %s, of %i bytes is refused", async ([type, side, size, member], { db }) => {
  const id = await createPerson(db);
  const verificationId = await createDraft(db, id);
  const does = add(verificationId, type, side, size);
  await expectDenied(db, "NF001", { as: user(id), does, keeps: documentsOf(verificationId) });
  await expect(db.as(user(id), does)).rejects.toMatchObject({ detail: member });
});
