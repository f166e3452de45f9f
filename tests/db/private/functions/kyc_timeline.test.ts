import { expect } from "vitest";
import { expectDenied, type Sql, test, user } from "../../../helpers/db.ts";
import { createPerson, createSubmitted, move } from "../../../helpers/db-fixtures.ts";

const timeline =
  (verificationId: string, limit: number, after = 0) =>
  (sql: Sql) =>
    sql`
  select sequence::integer as sequence, entry from private.kyc_timeline(${verificationId}, ${limit}, ${after})`;

test("a person reads what happened, page by page, without internal reasons", async ({ db }) => {
  const { userId, verificationId } = await createSubmitted(db);
  await move(db, verificationId, "in_review", "provider", "pep_hit");
  await move(db, verificationId, "resubmission_required", "staff", "document_expired");
  const all = await db.as(user(userId), timeline(verificationId, 100));
  expect(
    all.map((row) => [row.entry.status, row.entry.actor, row.entry.attempt, row.entry.reason_code]),
  ).toEqual([
    ["draft", "user", 0, null],
    ["submitted", "user", 1, null],
    ["in_review", "provider", 1, null],
    ["resubmission_required", "staff", 1, "document_expired"],
  ]);
  const first = await db.as(user(userId), timeline(verificationId, 2));
  const rest = await db.as(user(userId), timeline(verificationId, 2, first[1]?.sequence));
  expect([...first, ...rest]).toEqual([...all]);
});

test("documents and reads by staff are not in it", async ({ db }) => {
  const { userId, verificationId } = await createSubmitted(db);
  const rows = await db.as(user(userId), timeline(verificationId, 100));
  const [logged] = await db.sql`
    select count(*)::integer as entries from private.audit_log where stream = 'kyc:' || ${verificationId}::text`;
  expect(logged?.entries).toBeGreaterThan(rows.length);
});

test("nobody reads another person's timeline", async ({ db }) => {
  const { verificationId } = await createSubmitted(db);
  await expectDenied(db, "NF020", {
    as: user(await createPerson(db)),
    does: timeline(verificationId, 10),
    keeps: (sql) =>
      sql`select * from public.kyc_verifications where verification_id = ${verificationId}`,
  });
});
