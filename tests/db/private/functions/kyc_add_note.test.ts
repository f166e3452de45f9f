import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { anon, expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import { createStaff, createSubmitted, createUser } from "../../../helpers/db-fixtures.ts";
import { caseOf, createInReview, holdOf, lastEntry, passTime } from "../../../helpers/db-review.ts";

const TEXT = "Called the customer:\n\tthe new passport arrives next week.";

const adds =
  (verificationId: string, text: string | null = TEXT) =>
  (sql: Sql) =>
    sql`select private.kyc_add_note(${verificationId}, ${text}) as note`;

test.for(["support", "reviewer", "approver", "compliance_admin"])(
  "%s adds a note; the audit says that there is one, and not what",
  async (role, { db }) => {
    const { verificationId } = await createSubmitted(db);
    const id = await createStaff(db, role);
    const [row] = await db.as(user(id), adds(verificationId));
    expect(row?.note).toEqual({
      note_id: expect.any(String),
      author_id: id,
      text: TEXT,
      created_at: expect.stringMatching(/Z$/),
    });
    const entry = await lastEntry(db, verificationId);
    expect(entry).toEqual({
      action: "kyc.note_added",
      actor_kind: "staff",
      actor_id: id,
      subject_type: "kyc_note",
      subject_id: row?.note.note_id,
      reason_code: null,
      details: { attempt: 1 },
    });
  },
);

test("staff reads it in the case, the person nowhere", async ({ db }) => {
  const { userId, verificationId } = await createSubmitted(db);
  const id = await createStaff(db, "reviewer");
  await db.as(user(id), adds(verificationId));
  const [row] = await db.as(
    user(id),
    (sql) => sql`select private.kyc_case(${verificationId}) -> 'notes' as notes`,
  );
  expect(row?.notes).toMatchObject([{ author_id: id, text: TEXT }]);
  const own = await db.as(
    user(userId),
    (sql) => sql`select private.kyc_get_verification(${verificationId}) as body,
      array(select entry from private.kyc_timeline(${verificationId}, 100)) as timeline,
      array(select item from private.list_my_activity(100, null)) as activity`,
  );
  expect(JSON.stringify(own)).not.toMatch(/note|passport arrives/);
});

test("a case shows its newest 500 notes, the oldest of them first", async ({ db }) => {
  const { verificationId } = await createSubmitted(db);
  const id = await createStaff(db, "reviewer");
  await db.sql`insert into private.kyc_notes (note_id, verification_id, author_id, body)
    select lpad(to_hex(place), 32, '0')::uuid, ${verificationId}, ${id}, 'note ' || place from generate_series(1, 502) as place`;
  const [row] = await db.as(
    user(id),
    (sql) =>
      sql`select jsonb_path_query_array(private.kyc_case(${verificationId}), '$.notes[*].text') as notes`,
  );
  expect(row?.notes).toEqual(Array.from({ length: 500 }, (_, index) => `note ${index + 3}`));
});

test("the holder's note starts the hold anew; a note of others does not touch it", async ({
  db,
}) => {
  const { verificationId } = await createInReview(db);
  const [holder, support] = [await createStaff(db, "reviewer"), await createStaff(db, "support")];
  await db.as(user(holder), (sql) => sql`select private.kyc_claim_next()`);
  await passTime(db, "20 minutes");
  await db.as(user(support), adds(verificationId));
  expect(await holdOf(db, verificationId)).toEqual({ holder, rest: "00:10:00" });
  await db.as(user(holder), adds(verificationId));
  expect(await holdOf(db, verificationId)).toEqual({ holder, rest: "00:30:00" });
});

test("a note cannot be changed or removed", async ({ db }) => {
  const { verificationId } = await createSubmitted(db);
  await db.as(user(await createStaff(db, "reviewer")), adds(verificationId));
  for (const change of [
    (sql: Sql) => sql`update private.kyc_notes set body = 'x'`,
    (sql: Sql) => sql`delete from private.kyc_notes`,
    (sql: Sql) => sql`truncate private.kyc_notes`,
  ]) {
    await expectDenied(db, "NF010", {
      as: { role: "postgres" },
      does: change,
      keeps: (sql) => sql`select * from private.kyc_notes`,
    });
  }
});

test("a text that is none is refused", async ({ db }) => {
  const { verificationId } = await createSubmitted(db);
  const as = user(await createStaff(db, "reviewer"));
  const keeps = caseOf(verificationId);
  for (const text of [null, "", "x".repeat(4001)]) {
    await expectDenied(db, "NF001", { as, does: adds(verificationId, text), keeps });
  }
  await db.as(as, adds(verificationId, "ü".repeat(4000)));
});

test("whoever may not is refused, and so is the own case", async ({ db }) => {
  const { userId, verificationId } = await createSubmitted(db);
  const keeps = caseOf(verificationId);
  const does = adds(verificationId);
  for (const role of ["auditor", "admin"]) {
    await expectDenied(db, "NF010", { as: user(await createStaff(db, role)), does, keeps });
  }
  await expectDenied(db, "NF010", { as: user(userId), does, keeps });
  await expectDenied(db, "NF010", { as: user(await createUser(db)), does, keeps });
  await expectDenied(db, "42501", { as: anon, does, keeps });
  await expectDenied(db, "42501", { as: service, does, keeps });
  await db.sql`insert into private.user_roles (user_id, role) values (${userId}, 'compliance_admin')`;
  await expectDenied(db, "NF010", { as: user(userId), does, keeps });
  const unknown = adds(randomUUID());
  await expectDenied(db, "NF020", {
    as: user(await createStaff(db, "support")),
    does: unknown,
    keeps,
  });
});
