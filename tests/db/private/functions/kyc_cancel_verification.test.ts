import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import { createDraft, createPerson, createSubmitted, move } from "../../../helpers/db-fixtures.ts";

const cancel = (verificationId: string) => (sql: Sql) =>
  sql`select private.kyc_cancel_verification(${verificationId}) as body`;
const everything = (verificationId: string) => (sql: Sql) =>
  sql`
  select v.*, (select count(*) from private.outbox where subject_id = ${verificationId}) as messages,
    (select sequence from private.audit_heads where stream = 'kyc:' || ${verificationId}::text) as entries
  from public.kyc_verifications as v where v.verification_id = ${verificationId}`;

test("a draft ends, its files go when all others would, and nobody is told", async ({ db }) => {
  const id = await createPerson(db);
  const verificationId = await createDraft(db, id);
  const [row] = await db.as(user(id), cancel(verificationId));
  expect(row?.body).toMatchObject({ status: "cancelled", deadline_at: null });
  const [kept] = await db.sql`
    select purge_after = private.now() + interval '90 days' as on_time,
      (select count(*)::integer from private.outbox where subject_id = ${verificationId}) as messages
    from private.kyc_cases where verification_id = ${verificationId}`;
  expect(kept).toEqual({ on_time: true, messages: 0 });
  await createDraft(db, id);
});

test("one that waits for new documents ends too", async ({ db }) => {
  const { userId, verificationId } = await createSubmitted(db);
  await move(db, verificationId, "resubmission_required", "provider", "image_unreadable");
  const [row] = await db.as(user(userId), cancel(verificationId));
  expect(row?.body).toMatchObject({ status: "cancelled", attempt: 1 });
});

test("what is under way or decided cannot be cancelled", async ({ db }) => {
  const { userId, verificationId } = await createSubmitted(db);
  const denied = () =>
    expectDenied(db, "NF032", {
      as: user(userId),
      does: cancel(verificationId),
      keeps: everything(verificationId),
    });
  await denied();
  await move(db, verificationId, "processing", "system");
  await denied();
  await move(db, verificationId, "approved", "provider");
  await denied();
});

test("nobody but the owner, with a working account", async ({ db }) => {
  const id = await createPerson(db);
  const verificationId = await createDraft(db, id);
  const keeps = everything(verificationId);
  const stranger = user(await createPerson(db));
  await expectDenied(db, "NF020", { as: stranger, does: cancel(verificationId), keeps });
  await expectDenied(db, "NF020", { as: user(id), does: cancel(randomUUID()), keeps });
  await expectDenied(db, "42501", { as: service, does: cancel(verificationId), keeps });
  await db.sql`update public.profiles set suspended_at = now() where user_id = ${id}`;
  await expectDenied(db, "NF012", { as: user(id), does: cancel(verificationId), keeps });
});
