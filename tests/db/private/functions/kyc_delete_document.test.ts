import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { type Db, expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import {
  addDocument,
  announceDocument,
  createDraft,
  createPerson,
  createSubmitted,
  move,
} from "../../../helpers/db-fixtures.ts";

const remove = (verificationId: string, documentId: string) => (sql: Sql) =>
  sql`select private.kyc_delete_document(${verificationId}, ${documentId})`;
const documents = (verificationId: string) => (sql: Sql) =>
  sql`select * from public.kyc_documents where verification_id = ${verificationId} order by document_id`;

async function draftWith(db: Db) {
  const id = await createPerson(db);
  const verificationId = await createDraft(db, id);
  return { id, verificationId, documentId: await addDocument(db, id, verificationId) };
}

test("the document no longer counts and the removal of its file is queued once", async ({ db }) => {
  const { id, verificationId, documentId } = await draftWith(db);
  await db.as(user(id), remove(verificationId, documentId));
  const [view] = await db.as(
    user(id),
    (sql) => sql`select private.kyc_get_verification(${verificationId}) as body`,
  );
  expect(view?.body).toMatchObject({
    documents: [],
    requirements: [{ kind: "document", document_type: null }],
  });
  const messages = await db.sql`
    select topic, payload, idempotency_key from private.outbox where subject_id = ${verificationId}`;
  expect([...messages]).toEqual([
    {
      topic: "storage.remove",
      payload: { paths: [`${id}/${verificationId}/${documentId}`] },
      idempotency_key: `delete:${documentId}`,
    },
  ]);
  await expectDenied(db, "NF020", {
    as: user(id),
    does: remove(verificationId, documentId),
    keeps: documents(verificationId),
  });
  const [last] = await db.sql`
    select action from private.audit_log where stream = 'kyc:' || ${verificationId}::text
    order by sequence desc limit 1`;
  expect(last).toEqual({ action: "kyc.document_removed" });
});

test("the removal of one file does not count as that of all", async ({ db }) => {
  const { id, verificationId, documentId } = await draftWith(db);
  const other = await addDocument(db, id, verificationId, { type: "proof_of_address" });
  await db.as(user(id), remove(verificationId, documentId));
  const deliver = async () => {
    for (const { message_id } of await db.sql`
      select message_id from private.outbox
      where subject_id = ${verificationId} and topic = 'storage.remove' and status = 'pending'`) {
      await db.as(service, (sql) => sql`select private.outbox_sent(${message_id})`);
    }
  };
  const purged = async () => {
    const rows = await db.sql<{ id: string }[]>`
      select document_id as id from public.kyc_documents
      where verification_id = ${verificationId} and purged_at is not null`;
    const [row] = await db.sql`
      select purged_at is not null as is_done from private.kyc_cases where verification_id = ${verificationId}`;
    return { files: rows.map((each) => each.id), isDone: row?.is_done };
  };
  await deliver();
  expect(await purged()).toEqual({ files: [documentId], isDone: false });

  await db.as(user(id), (sql) => sql`select private.kyc_cancel_verification(${verificationId})`);
  await db.as(service, (sql) => sql`select private.shift_clock('90 days')`);
  await db.as(service, (sql) => sql`select * from private.run_schedules(100000, true)`);
  await deliver();
  const after = await purged();
  expect(after.files.sort()).toEqual([documentId, other].sort());
  expect(after.isDone).toBe(true);
});

test("what was handed in stays, rejected or accepted", async ({ db }) => {
  const { userId, verificationId, documentId } = await createSubmitted(db);
  const does = remove(verificationId, documentId);
  const keeps = documents(verificationId);
  await expectDenied(db, "NF033", { as: user(userId), does, keeps });
  await move(db, verificationId, "resubmission_required", "provider", "image_unreadable");
  const [document] = await keeps(db.sql);
  expect(document?.status).toBe("accepted");
  await expectDenied(db, "NF033", { as: user(userId), does, keeps });
});

test("what was added for the next attempt may go again", async ({ db }) => {
  const { userId, verificationId } = await createSubmitted(db);
  await move(db, verificationId, "resubmission_required", "provider", "image_unreadable");
  const { documentId } = await announceDocument(db, userId, verificationId, { type: "selfie" });
  await db.as(user(userId), remove(verificationId, documentId));
  const rows = await documents(verificationId)(db.sql);
  expect(rows.find((row) => row.document_id === documentId)?.replaced_at).not.toBeNull();
});

test("nobody but the owner, with a working account", async ({ db }) => {
  const { id, verificationId, documentId } = await draftWith(db);
  const does = remove(verificationId, documentId);
  const keeps = documents(verificationId);
  const stranger = user(await createPerson(db));
  await expectDenied(db, "NF020", { as: stranger, does, keeps });
  const unknown = remove(verificationId, randomUUID());
  await expectDenied(db, "NF020", { as: user(id), does: unknown, keeps });
  const elsewhere = await draftWith(db);
  const mixed = remove(verificationId, elsewhere.documentId);
  await expectDenied(db, "NF020", { as: user(id), does: mixed, keeps });
  await expectDenied(db, "42501", { as: service, does, keeps });
  await db.sql`update public.profiles set suspended_at = now() where user_id = ${id}`;
  await expectDenied(db, "NF012", { as: user(id), does, keeps });
});
