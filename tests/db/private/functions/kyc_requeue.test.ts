import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { anon, expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import { ingest } from "../../../helpers/db-events.ts";
import {
  createStaff,
  createSubmitted,
  createUser,
  statusOf,
} from "../../../helpers/db-fixtures.ts";
import { caseOf, createInReview } from "../../../helpers/db-review.ts";

const requeues =
  (verificationId: string, note: string | null = null, version: number | null = null) =>
  (sql: Sql) =>
    sql`select private.kyc_requeue(${verificationId}, ${note}, ${version}) as answer`;

const messages = (verificationId: string) => (sql: Sql) =>
  sql<{ id: string; attempt: number }[]>`
  select message_id as id, (payload ->> 'attempt')::integer as attempt from private.outbox
  where subject_id = ${verificationId} and topic = 'provider.submit' order by message_id`;

test.for(["reviewer", "approver", "compliance_admin"])(
  "%s sends a case again: the same attempt, another message, nobody's hold",
  async (role, { db }) => {
    const { verificationId } = await createInReview(db);
    const id = await createStaff(db, role);
    await db.as(user(id), (sql) => sql`select private.kyc_claim_next()`);
    const [row] = await db.as(user(id), requeues(verificationId, "The provider is back."));
    expect(row?.answer).toMatchObject({ result: "applied", status: "submitted", attempt: 1 });
    const [state] = await db.sql`
      select c.reason_code, c.assignee_id, c.due_at, n.body, n.author_id
      from private.kyc_cases as c join private.kyc_notes as n using (verification_id)
      where verification_id = ${verificationId}`;
    expect(state).toEqual({
      reason_code: "requeued",
      assignee_id: null,
      due_at: null,
      body: "The provider is back.",
      author_id: id,
    });
    expect(await messages(verificationId)(db.sql)).toMatchObject([{ attempt: 1 }, { attempt: 1 }]);
  },
);

test("the provider's new verdict counts, under a new reference too", async ({ db }) => {
  const { verificationId } = await createInReview(db);
  await db.as(user(await createStaff(db, "reviewer")), requeues(verificationId));
  const message = (await messages(verificationId)(db.sql)).at(-1);
  const reference = `ref_${randomUUID()}`;
  await db.as(
    service,
    (sql) => sql`select private.kyc_provider_accepted(${message?.id ?? ""}, ${reference}, 202)`,
  );
  expect(await statusOf(db, verificationId)).toBe("processing");
  await ingest(db, { outcome: "approved", provider_reference: reference, sequence: 1 });
  expect(await statusOf(db, verificationId)).toBe("approved");
});

test("refused: held by somebody else, changed since, the own case, not in review, unknown", async ({
  db,
}) => {
  const { userId, verificationId } = await createInReview(db);
  const submitted = await createSubmitted(db);
  const [holder, other] = [await createStaff(db, "reviewer"), await createStaff(db, "approver")];
  await db.as(user(holder), (sql) => sql`select private.kyc_claim_next()`);
  const keeps = caseOf(verificationId);
  await expectDenied(db, "NF037", { as: user(other), does: requeues(verificationId), keeps });
  const stale = requeues(verificationId, null, 1);
  await expectDenied(db, "NF050", { as: user(holder), does: stale, keeps });
  const long = requeues(verificationId, "x".repeat(4001));
  await expectDenied(db, "NF001", { as: user(holder), does: long, keeps });
  const early = requeues(submitted.verificationId, "too early");
  await expectDenied(db, "NF032", {
    as: user(holder),
    does: early,
    keeps: caseOf(submitted.verificationId),
  });
  await expectDenied(db, "NF020", { as: user(holder), does: requeues(randomUUID()), keeps });
  await db.sql`insert into private.user_roles (user_id, role) values (${userId}, 'approver')`;
  await expectDenied(db, "NF010", { as: user(userId), does: requeues(verificationId), keeps });
});

test("other roles, people, anonymous callers and backends cannot requeue", async ({ db }) => {
  const { verificationId } = await createInReview(db);
  const keeps = caseOf(verificationId);
  const does = requeues(verificationId);
  for (const role of ["support", "auditor", "admin"]) {
    await expectDenied(db, "NF010", { as: user(await createStaff(db, role)), does, keeps });
  }
  await expectDenied(db, "NF010", { as: user(await createUser(db)), does, keeps });
  await expectDenied(db, "42501", { as: anon, does, keeps });
  await expectDenied(db, "42501", { as: service, does, keeps });
});
