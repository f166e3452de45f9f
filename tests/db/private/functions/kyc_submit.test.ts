import { expect } from "vitest";
import { type Db, expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import { ingest } from "../../../helpers/db-events.ts";
import {
  addDocument,
  announceDocument,
  completePerson,
  createDraft,
  createPerson,
  createProcessing,
  createSubmitted,
  createUser,
  statusOf,
  submit,
} from "../../../helpers/db-fixtures.ts";

const submitting = (verificationId: string) => (sql: Sql) =>
  sql`select private.kyc_submit(${verificationId}) as body`;
const everything = (verificationId: string) => (sql: Sql) =>
  sql`
  select v.*, (select count(*) from private.outbox where subject_id = ${verificationId}) as messages,
    (select count(*) from private.kyc_attempts as a where a.verification_id = v.verification_id) as attempts,
    (select sequence from private.audit_heads where stream = 'kyc:' || ${verificationId}::text) as entries
  from public.kyc_verifications as v where v.verification_id = ${verificationId}`;

async function readyDraft(db: Db) {
  const id = await createPerson(db);
  const verificationId = await createDraft(db, id);
  await addDocument(db, id, verificationId);
  return { id, verificationId };
}

test("submitting uses an attempt, keeps what was said and queues one message", async ({ db }) => {
  const { id, verificationId } = await readyDraft(db);
  const [row] = await db.as(user(id), submitting(verificationId));
  expect(row?.body).toMatchObject({
    status: "submitted",
    attempt: 1,
    requirements: [],
    deadline_at: null,
  });
  const [message] = await db.sql`
    select topic, provider, payload, status, attempts, idempotency_key from private.outbox where subject_id = ${verificationId}`;
  expect(message).toEqual({
    topic: "provider.submit",
    provider: "mock",
    payload: { attempt: 1 },
    status: "pending",
    attempts: 0,
    idempotency_key: `submit:${verificationId}:${row?.body.version}`,
  });
  const [attempt] =
    await db.sql`select applicant from private.kyc_attempts where verification_id = ${verificationId}`;
  expect(attempt?.applicant).toMatchObject({ first_name: "Anna", address: { country: "DE" } });
});

test("a submitted verification cannot be submitted again", async ({ db }) => {
  const { userId, verificationId } = await createSubmitted(db);
  await expectDenied(db, "NF032", {
    as: user(userId),
    does: submitting(verificationId),
    keeps: everything(verificationId),
  });
});

test("what is missing is listed: the profile first, then consents, then documents", async ({
  db,
}) => {
  const id = await createUser(db, { first_name: "Anna" });
  const verificationId = await createDraft(db, id);
  const does = submitting(verificationId);
  const refused = async (code: string) => {
    await expectDenied(db, code, { as: user(id), does, keeps: everything(verificationId) });
    const error = await db.as(user(id), does).then(
      () => undefined,
      (reason: { detail: string }) => reason,
    );
    return JSON.parse(error?.detail ?? "[]");
  };
  expect(await refused("NF061")).toMatchObject([
    { kind: "profile_field", field: "last_name" },
    { kind: "profile_field", field: "date_of_birth" },
    { kind: "address", field: null },
  ]);
  await completePerson(db, id);
  expect(await refused("NF063")).toMatchObject([
    { kind: "document", document_type: null, side: null },
  ]);
  await announceDocument(db, id, verificationId, { type: "national_id", side: "front" });
  await addDocument(db, id, verificationId, { type: "national_id", side: "back" });
  expect(await refused("NF063")).toMatchObject([
    { kind: "document", document_type: "national_id", side: "front" },
  ]);
  await addDocument(db, id, verificationId, { type: "national_id", side: "front" });
  const [row] = await db.as(user(id), does);
  expect(row?.body.status).toBe("submitted");
});

test("without consent it is refused", async ({ db }) => {
  const { id, verificationId } = await readyDraft(db);
  await db.sql`alter table public.consents disable trigger user`;
  await db.sql`delete from public.consents where user_id = ${id} and document = 'privacy'`;
  await expectDenied(db, "NF062", {
    as: user(id),
    does: submitting(verificationId),
    keeps: everything(verificationId),
  });
});

test("a person cannot submit somebody else's verification, a backend none at all", async ({
  db,
}) => {
  const { id, verificationId } = await readyDraft(db);
  const keeps = everything(verificationId);
  await expectDenied(db, "NF020", {
    as: user(await createPerson(db)),
    does: submitting(verificationId),
    keeps,
  });
  await expectDenied(db, "42501", { as: service, does: submitting(verificationId), keeps });
  await db.sql`update public.profiles set suspended_at = now() where user_id = ${id}`;
  await expectDenied(db, "NF012", { as: user(id), does: submitting(verificationId), keeps });
});

test("a resubmission wants the rejected documents replaced, waits its time and keeps the others", async ({
  db,
}) => {
  const { userId, verificationId, reference } = await createProcessing(db);
  await ingest(db, {
    outcome: "resubmission_required",
    provider_reference: reference,
    sequence: 1,
    reason_codes: ["image_unreadable"],
    rejected_documents: [{ type: "passport", side: "front", reason_code: "image_unreadable" }],
  });
  const does = submitting(verificationId);
  const keeps = everything(verificationId);
  await expectDenied(db, "NF070", { as: user(userId), does, keeps });
  await db.as(service, (sql) => sql`select private.shift_clock('60 seconds')`);
  await expectDenied(db, "NF063", { as: user(userId), does, keeps });
  await addDocument(db, userId, verificationId);
  const [row] = await db.as(user(userId), does);
  expect(row?.body).toMatchObject({ status: "submitted", attempt: 2 });
});

test("three attempts are all there are", async ({ db }) => {
  const { userId, verificationId, ...first } = await createProcessing(db);
  const retry = (attempt: number, reference: string) =>
    ingest(db, {
      outcome: "resubmission_required",
      provider_reference: reference,
      attempt,
      sequence: 1,
      reason_codes: ["image_unreadable"],
    });
  await retry(1, first.reference);
  for (const attempt of [2, 3]) {
    await db.as(service, (sql) => sql`select private.shift_clock('1 minute')`);
    await addDocument(db, userId, verificationId);
    const messageId = await submit(db, userId, verificationId);
    await db.as(
      service,
      (sql) =>
        sql`select private.kyc_provider_accepted(${messageId}, ${`${first.reference}-${attempt}`}, 202)`,
    );
    await retry(attempt, `${first.reference}-${attempt}`);
  }
  expect(await statusOf(db, verificationId)).toBe("rejected");
  const [row] =
    await db.sql`select reason_code from public.kyc_verifications where verification_id = ${verificationId}`;
  expect(row).toEqual({ reason_code: "resubmission_limit_exceeded" });
});
