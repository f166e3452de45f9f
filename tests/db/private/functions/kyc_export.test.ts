import { expect } from "vitest";
import { type Db, expectDenied, test, user } from "../../../helpers/db.ts";
import {
  completePerson,
  createDraft,
  createPerson,
  createStaff,
  createSubmitted,
  move,
} from "../../../helpers/db-fixtures.ts";
import { auditOf } from "../../../helpers/db-operators.ts";

interface Export {
  export_id: string;
  verification_ids: string[];
}

const call = (sql: Db["sql"], filter: object = {}, limit = 100) =>
  sql<
    { begun: Export }[]
  >`select private.kyc_export(${sql.json({ ...filter })}, ${limit}) as begun`;

async function begin(db: Db, staff: string, filter: object = {}, limit = 100): Promise<Export> {
  const [row] = await db.as(user(staff), (sql) => call(sql, filter, limit));
  if (!row) throw new Error("No export.");
  return row.begun;
}

/** A draft, a case in review at high risk and a rejected one, the oldest first. */
async function arrange(db: Db) {
  const draft = await createDraft(db, await createPerson(db));
  const review = await createSubmitted(db);
  await move(db, review.verificationId, "in_review", "system", "provider_unavailable");
  await db.sql`update private.kyc_cases set risk_level = 'high' where verification_id = ${review.verificationId}`;
  const { verificationId: rejected, userId } = await createSubmitted(db);
  await move(db, rejected, "rejected", "provider", "document_damaged");
  await db.sql`update public.addresses set country = 'SE' where user_id = ${userId}`;
  const ids = [draft, review.verificationId, rejected];
  for (const [index, id] of ids.entries()) {
    await db.sql`update public.kyc_verifications set created_at = '2026-01-01T00:00:00Z'::timestamptz
      + ${`${index} days`}::text::interval where verification_id = ${id}`;
  }
  return { draft, review: review.verificationId, rejected };
}

test("each filter chooses, the oldest first", async ({ db }) => {
  const { draft, review, rejected } = await arrange(db);
  const staff = await createStaff(db, "auditor");
  const ids = async (filter: object) => (await begin(db, staff, filter)).verification_ids;
  expect(await ids({})).toEqual([draft, review, rejected]);
  expect(await ids({ status: ["rejected", "draft"] })).toEqual([draft, rejected]);
  expect(await ids({ risk_level: ["high", "critical"] })).toEqual([review]);
  expect(await ids({ reason_code: ["provider_unavailable"] })).toEqual([review]);
  expect(await ids({ country: "SE" })).toEqual([rejected]);
  expect(
    await ids({ created_from: "2026-01-02T00:00:00Z", created_to: "2026-01-03T00:00:00Z" }),
  ).toEqual([review]);
  expect(await ids({ status: ["approved"] })).toEqual([]);
});

test("the audit has the filters and the number under the id of the export", async ({ db }) => {
  const { review } = await arrange(db);
  const staff = await createStaff(db, "compliance_admin");
  const { export_id } = await begin(db, staff, { risk_level: ["high"] });
  const [entry] = await db.sql`
    select action, actor_id, subject_type, subject_id, details from private.audit_log
    where stream = ${`staff:${staff}`} order by sequence desc limit 1`;
  expect(entry).toEqual({
    action: "kyc.exported",
    actor_id: staff,
    subject_type: "kyc_export",
    subject_id: export_id,
    details: '{"rows": 1, "filters": {"risk_level": ["high"]}}',
  });
  const rows = await db.as(
    user(staff),
    (sql) => sql<{ cells: (string | number | null)[] }[]>`
      select cells from private.kyc_export_rows(${sql.json([review])}) as cells`,
  );
  expect(rows[0]?.cells.slice(2, 8)).toEqual([
    ...["in_review", 1, "provider_unavailable", "high", "DE", null],
  ]);
});

test("the own verifications are left out", async ({ db }) => {
  const staff = await createStaff(db, "auditor");
  await completePerson(db, staff);
  const own = await createDraft(db, staff);
  const other = await createDraft(db, await createPerson(db));
  const { verification_ids } = await begin(db, staff);
  expect(verification_ids).toContain(other);
  expect(verification_ids).not.toContain(own);
});

test("more than the limit is refused and nothing is written down", async ({ db }) => {
  await arrange(db);
  const staff = await createStaff(db, "auditor");
  await expectDenied(db, "NF001", {
    as: user(staff),
    does: (sql) => call(sql, {}, 2),
    keeps: (sql) => sql`select count(*) from private.audit_log`,
  });
  expect((await begin(db, staff, {}, 3)).verification_ids).toHaveLength(3);
  expect(await auditOf(db, `staff:${staff}`)).toHaveLength(1);
});

test.for(["support", "reviewer", "approver", "admin"])(
  "[FUNC-01] not for %s",
  async (role, { db }) => {
    const { draft } = await arrange(db);
    const as = user(await createStaff(db, role));
    const keeps = (sql: Db["sql"]) => sql`select count(*) from private.audit_log`;
    await expectDenied(db, "NF010", { as, does: (sql) => call(sql), keeps });
    await expectDenied(db, "NF010", {
      as,
      does: (sql) => sql`select * from private.kyc_export_rows(${sql.json([draft])})`,
      keeps,
    });
  },
);
