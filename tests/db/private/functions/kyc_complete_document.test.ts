import { expect } from "vitest";
import { type Db, expectDenied, type Sql, test, user } from "../../../helpers/db.ts";
import {
  announceDocument,
  createDraft,
  createPerson,
  createSubmitted,
  goodFacts,
} from "../../../helpers/db-fixtures.ts";

type Facts = Record<string, string | number | boolean | null>;

const complete = (verificationId: string, documentId: string, facts: Facts) => (sql: Sql) =>
  sql`select private.kyc_complete_document(${verificationId}, ${documentId}, ${sql.json(facts)}) as answer`;

async function arrange(db: Db) {
  const id = await createPerson(db);
  const verificationId = await createDraft(db, id);
  const announced = await announceDocument(db, id, verificationId);
  return { id, verificationId, ...announced };
}

test("good bytes make the document count", async ({ db }) => {
  const { id, verificationId, documentId, sha256 } = await arrange(db);
  const [row] = await db.as(user(id), complete(verificationId, documentId, goodFacts(sha256)));
  expect(row?.answer).toMatchObject({
    problem: null,
    document: { status: "uploaded", reason_code: null },
  });
  const [again] = await db.as(user(id), complete(verificationId, documentId, { size_bytes: 1 }));
  expect(again?.answer).toEqual(row?.answer);
});

test.for<[string, Facts, string, string]>([
  ["another size", { size_bytes: 4999 }, "size", "other"],
  ["another size, before anything else", { size_bytes: 4999, content_type: null }, "size", "other"],
  [
    "an unknown kind of file",
    { content_type: null, sha256: "x" },
    "unreadable",
    "image_unreadable",
  ],
  [
    "a kind that is not accepted",
    { content_type: "image/svg+xml" },
    "unreadable",
    "image_unreadable",
  ],
  [
    "another kind than announced",
    { content_type: "image/png", width_px: 1 },
    "content_type",
    "other",
  ],
  [
    "a picture without dimensions",
    { width_px: null, height_px: null },
    "unreadable",
    "image_unreadable",
  ],
  ["a file that is not whole", { is_intact: false, sha256: "x" }, "unreadable", "image_unreadable"],
  ["a file that nobody looked into", { is_intact: null }, "unreadable", "image_unreadable"],
  ["a picture that says where it was taken", { has_metadata: true }, "metadata", "other"],
  [
    "a picture that is too small",
    { width_px: 299, height_px: 200 },
    "dimensions",
    "image_unreadable",
  ],
  [
    "a picture that is too large",
    { width_px: 8001, sha256: "x" },
    "dimensions",
    "image_unreadable",
  ],
  ["other bytes than announced", { sha256: "0".repeat(64) }, "sha256", "other"],
])("%s: the document is rejected", async ([, changes, problem, reason], { db }) => {
  const { id, verificationId, documentId, sha256 } = await arrange(db);
  const [row] = await db.as(
    user(id),
    complete(verificationId, documentId, { ...goodFacts(sha256), ...changes }),
  );
  expect(row?.answer).toMatchObject({
    problem,
    document: { status: "rejected", reason_code: reason },
  });
  await expectDenied(db, "NF066", {
    as: user(id),
    does: complete(verificationId, documentId, goodFacts(sha256)),
    keeps: (sql) => sql`select * from public.kyc_documents where document_id = ${documentId}`,
  });
});

test("a PDF needs no dimensions", async ({ db }) => {
  const { id, verificationId, documentId, sha256 } = await arrange(db);
  await db.sql`update public.kyc_documents set content_type = 'application/pdf' where document_id = ${documentId}`;
  const facts = {
    ...goodFacts(sha256),
    content_type: "application/pdf",
    width_px: null,
    height_px: null,
  };
  const [row] = await db.as(user(id), complete(verificationId, documentId, facts));
  expect(row?.answer).toMatchObject({ problem: null, document: { status: "uploaded" } });
});

test("a file that another person has shown leaves a flag for reviewers; the own one does not", async ({
  db,
}) => {
  const flagsOf = async (verificationId: string) => {
    const [row] =
      await db.sql`select flags from private.kyc_cases where verification_id = ${verificationId}`;
    return row?.flags;
  };
  const first = await arrange(db);
  await db.as(
    user(first.id),
    complete(first.verificationId, first.documentId, goodFacts(first.sha256)),
  );
  const again = await announceDocument(db, first.id, first.verificationId, {
    type: "selfie",
    sha256: first.sha256,
  });
  await db.as(
    user(first.id),
    complete(first.verificationId, again.documentId, goodFacts(first.sha256)),
  );
  expect(await flagsOf(first.verificationId)).toEqual([]);

  const second = await createPerson(db);
  const verificationId = await createDraft(db, second);
  const copy = await announceDocument(db, second, verificationId, { sha256: first.sha256 });
  const [row] = await db.as(
    user(second),
    complete(verificationId, copy.documentId, goodFacts(first.sha256)),
  );
  expect(row?.answer.problem).toBeNull();
  expect(await flagsOf(verificationId)).toEqual(["duplicate_document"]);
});

test("a person cannot complete somebody else's document", async ({ db }) => {
  const { verificationId, documentId, sha256 } = await arrange(db);
  await expectDenied(db, "NF020", {
    as: user(await createPerson(db)),
    does: complete(verificationId, documentId, goodFacts(sha256)),
    keeps: (sql) => sql`select * from public.kyc_documents where document_id = ${documentId}`,
  });
});

test("a document that is pending at submission stays out of it", async ({ db }) => {
  const { userId, verificationId } = await createSubmitted(db);
  const { documentId } = await db.sql.savepoint(async () => {
    const [row] = await db.sql<{ documentId: string }[]>`
      insert into public.kyc_documents (verification_id, user_id, attempt, type, side, storage_path, content_type, size_bytes, sha256)
      values (${verificationId}, ${userId}, 1, 'selfie', 'front', 'late', 'image/jpeg', 5000, ${"a".repeat(64)})
      returning document_id as "documentId"`;
    return row ?? { documentId: "" };
  });
  await expectDenied(db, "NF033", {
    as: user(userId),
    does: complete(verificationId, documentId, goodFacts("a".repeat(64))),
    keeps: (sql) => sql`select * from public.kyc_documents where document_id = ${documentId}`,
  });
});
