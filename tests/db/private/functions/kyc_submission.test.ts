import { expect } from "vitest";
import { expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import { createSubmitted, move } from "../../../helpers/db-fixtures.ts";

const submission = (verificationId: string, attempt: number) => (sql: Sql) =>
  sql`select private.kyc_submission(${verificationId}, ${attempt}) as body`;

test("the worker reads what was submitted, as it was then", async ({ db }) => {
  const { userId, verificationId, documentId } = await createSubmitted(db);
  await db.as(
    user(userId),
    (sql) => sql`select private.update_me('{"first_name": "Changed"}', null)`,
  );
  const [row] = await db.as(service, submission(verificationId, 1));
  expect(row?.body).toMatchObject({
    verification_id: verificationId,
    attempt: 1,
    provider: "mock",
    provider_reference: null,
    applicant: { first_name: "Anna", email: `${userId}@example.com` },
    documents: [
      {
        document_id: documentId,
        type: "passport",
        storage_path: `${userId}/${verificationId}/${documentId}`,
      },
    ],
    is_wanted: true,
  });
});

test("a cancelled verification is not wanted any more", async ({ db }) => {
  const { verificationId } = await createSubmitted(db);
  await move(db, verificationId, "cancelled", "staff", "cancelled_by_staff");
  const [row] = await db.as(service, submission(verificationId, 1));
  expect(row?.body.is_wanted).toBe(false);
});

test("people cannot read it, and an attempt that is none is unknown", async ({ db }) => {
  const { userId, verificationId } = await createSubmitted(db);
  const keeps = (sql: Sql) =>
    sql`select * from private.kyc_attempts where verification_id = ${verificationId}`;
  await expectDenied(db, "42501", { as: user(userId), does: submission(verificationId, 1), keeps });
  await expectDenied(db, "NF020", { as: service, does: submission(verificationId, 2), keeps });
});
