import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import { createSubmitted, move, statusOf } from "../../../helpers/db-fixtures.ts";

const accepted = (messageId: string, reference: string) => (sql: Sql) =>
  sql`select private.kyc_provider_accepted(${messageId}, ${reference}, 202) as answer`;

test("an accepted submission is processing, once, and its reference is known", async ({ db }) => {
  const { verificationId, messageId } = await createSubmitted(db);
  const reference = randomUUID();
  const [first] = await db.as(service, accepted(messageId, reference));
  expect(first?.answer).toEqual({
    verification_id: verificationId,
    attempt: 1,
    status: "processing",
    was_open: true,
  });
  const [second] = await db.as(service, accepted(messageId, reference));
  expect(second?.answer).toMatchObject({ status: "processing", was_open: false });
  const [row] = await db.sql`
    select provider_reference, accepted_at is not null as is_accepted from private.kyc_attempts where verification_id = ${verificationId}`;
  expect(row).toEqual({ provider_reference: reference, is_accepted: true });
});

test("a verification that was cancelled meanwhile stays so", async ({ db }) => {
  const { verificationId, messageId } = await createSubmitted(db);
  await move(db, verificationId, "cancelled", "staff", "cancelled_by_staff");
  const [row] = await db.as(service, accepted(messageId, randomUUID()));
  expect(row?.answer).toMatchObject({ status: "cancelled", was_open: false });
  expect(await statusOf(db, verificationId)).toBe("cancelled");
});

test("an unknown message is refused, and people cannot accept for the provider", async ({ db }) => {
  const { userId, verificationId, messageId } = await createSubmitted(db);
  const keeps = (sql: Sql) =>
    sql`select * from public.kyc_verifications where verification_id = ${verificationId}`;
  await expectDenied(db, "NF020", { as: service, does: accepted(randomUUID(), "x"), keeps });
  await expectDenied(db, "42501", { as: user(userId), does: accepted(messageId, "x"), keeps });
});
