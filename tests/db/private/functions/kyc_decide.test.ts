import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { anon, type Db, expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import {
  addDocument,
  createStaff,
  createSubmitted,
  createUser,
  move,
  statusOf,
  submit,
} from "../../../helpers/db-fixtures.ts";

interface Decision {
  decision: string;
  reason_code?: string | null;
  note?: string | null;
  documents?: unknown;
  version?: number;
}

const decide = (verificationId: string, decision: Decision) => (sql: Sql) =>
  sql`
  select private.kyc_decide(${verificationId}, ${decision.decision}, ${decision.reason_code ?? null},
    ${decision.note ?? null}, ${decision.documents === undefined ? null : JSON.stringify(decision.documents)}::text::jsonb,
    ${decision.version ?? 5}) as answer`;

async function arrange(db: Db) {
  const submitted = await createSubmitted(db);
  await move(db, submitted.verificationId, "in_review", "provider", "provider_review");
  const keeps = (sql: Sql) => sql`
    select v.*, d.status as document, (select count(*) from private.kyc_reviews where verification_id = v.verification_id) as reviews
    from public.kyc_verifications as v join public.kyc_documents as d using (verification_id)
    where v.verification_id = ${submitted.verificationId}`;
  const [row] = await db.sql<{ version: number }[]>`
    select version from public.kyc_verifications where verification_id = ${submitted.verificationId}`;
  expect(row?.version).toBe(5);
  return { ...submitted, keeps };
}

test.for(["reviewer", "approver", "compliance_admin"])(
  "%s approves; the reason is a check by hand",
  async (role, { db }) => {
    const { verificationId, documentId } = await arrange(db);
    const staff = await createStaff(db, role);
    const [row] = await db.as(
      user(staff),
      decide(verificationId, { decision: "approve", note: "Fine." }),
    );
    expect(row?.answer).toEqual({
      result: "applied",
      verification_id: verificationId,
      status: "approved",
      version: 6,
      attempt: 1,
      pending_approval: null,
    });
    const [review] =
      await db.sql`select reviewer_id, action, reason_code, note, version from private.kyc_reviews where verification_id = ${verificationId}`;
    expect(review).toEqual({
      reviewer_id: staff,
      action: "approve",
      reason_code: "manual_check",
      note: "Fine.",
      version: 5,
    });
    const [document] =
      await db.sql`select status from public.kyc_documents where document_id = ${documentId}`;
    expect(document).toEqual({ status: "accepted" });
  },
);

test.for(["support", "auditor", "admin"])("%s cannot decide", async (role, { db }) => {
  const { verificationId, keeps } = await arrange(db);
  await expectDenied(db, "NF010", {
    as: user(await createStaff(db, role)),
    does: decide(verificationId, { decision: "approve" }),
    keeps,
  });
});

test("the person, strangers, anonymous callers and backends cannot decide", async ({ db }) => {
  const { userId, verificationId, keeps } = await arrange(db);
  const does = decide(verificationId, { decision: "approve" });
  await expectDenied(db, "NF010", { as: user(userId), does, keeps });
  await expectDenied(db, "NF010", { as: user(await createUser(db)), does, keeps });
  await expectDenied(db, "42501", { as: anon, does, keeps });
  await expectDenied(db, "42501", { as: service, does, keeps });
});

test("nobody decides the own verification, whatever the role", async ({ db }) => {
  const { userId, verificationId, keeps } = await arrange(db);
  await db.sql`insert into private.user_roles (user_id, role) values (${userId}, 'compliance_admin')`;
  await expectDenied(db, "NF010", {
    as: user(userId),
    does: decide(verificationId, { decision: "approve" }),
    keeps,
  });
});

test("a decision on an older version is refused", async ({ db }) => {
  const { verificationId, keeps } = await arrange(db);
  const staff = user(await createStaff(db, "reviewer"));
  await expectDenied(db, "NF050", {
    as: staff,
    does: decide(verificationId, { decision: "approve", version: 4 }),
    keeps,
  });
});

test("a case that somebody else holds is refused until the hold runs out", async ({ db }) => {
  const { verificationId, keeps } = await arrange(db);
  const [holder, other] = [await createStaff(db, "reviewer"), await createStaff(db, "reviewer")];
  await db.sql`update private.kyc_cases set assignee_id = ${holder}, lease_expires_at = private.now() + interval '30 minutes'
    where verification_id = ${verificationId}`;
  await expectDenied(db, "NF037", {
    as: user(other),
    does: decide(verificationId, { decision: "approve" }),
    keeps,
  });
  await db.as(service, (sql) => sql`select private.shift_clock('31 minutes')`);
  await db.as(user(other), decide(verificationId, { decision: "approve" }));
  expect(await statusOf(db, verificationId)).toBe("approved");
  const [row] =
    await db.sql`select assignee_id, lease_expires_at from private.kyc_cases where verification_id = ${verificationId}`;
  expect(row).toEqual({ assignee_id: null, lease_expires_at: null });
});

test("a rejection needs a reason; the person is told only one that may be shown", async ({
  db,
}) => {
  const { verificationId, keeps } = await arrange(db);
  const staff = user(await createStaff(db, "reviewer"));
  await expectDenied(db, "NF064", {
    as: staff,
    does: decide(verificationId, { decision: "reject" }),
    keeps,
  });
  await expectDenied(db, "NF001", {
    as: staff,
    does: decide(verificationId, { decision: "reject", reason_code: "made_up" }),
    keeps,
  });
  await db.as(staff, decide(verificationId, { decision: "reject", reason_code: "known_fraud" }));
  const [row] = await db.sql`
    select v.status, v.reason_code as shown, c.reason_code as internal
    from public.kyc_verifications as v join private.kyc_cases as c using (verification_id) where verification_id = ${verificationId}`;
  expect(row).toEqual({ status: "rejected", shown: null, internal: "known_fraud" });
});

test("a request for resubmission names what to replace and keeps the rest", async ({ db }) => {
  const { userId, verificationId, documentId } = await arrange(db);
  const staff = user(await createStaff(db, "reviewer"));
  await db.as(
    staff,
    decide(verificationId, {
      decision: "request_resubmission",
      reason_code: "image_unreadable",
      documents: [{ document_id: documentId, reason_code: "image_incomplete" }],
    }),
  );
  const [row] = await db.as(
    user(userId),
    (sql) => sql`select private.kyc_get_verification(${verificationId}) as body`,
  );
  expect(row?.body).toMatchObject({
    status: "resubmission_required",
    reason_code: "image_unreadable",
    requirements: [
      { kind: "document_replacement", document_id: documentId, reason_code: "image_incomplete" },
    ],
  });
});

test.for<[string, Decision]>([
  ["NF001", { decision: "request_resubmission", reason_code: "image_unreadable" }],
  ["NF001", { decision: "request_resubmission", reason_code: "image_unreadable", documents: [] }],
  [
    "NF001",
    {
      decision: "request_resubmission",
      reason_code: "image_unreadable",
      documents: [{ document_id: randomUUID(), reason_code: "other" }],
    },
  ],
  [
    "NF001",
    {
      decision: "request_resubmission",
      reason_code: "image_unreadable",
      documents: [{ document_id: "x", reason_code: "other" }],
    },
  ],
  [
    "NF001",
    { decision: "approve", documents: [{ document_id: randomUUID(), reason_code: "other" }] },
  ],
  ["NF001", { decision: "escalate" }],
])("refused with %s: %j", async ([code, decision], { db }) => {
  const { verificationId, keeps } = await arrange(db);
  await expectDenied(db, code, {
    as: user(await createStaff(db, "reviewer")),
    does: decide(verificationId, decision),
    keeps,
  });
});

test("an internal reason cannot be given for a document", async ({ db }) => {
  const { verificationId, documentId, keeps } = await arrange(db);
  await expectDenied(db, "NF001", {
    as: user(await createStaff(db, "reviewer")),
    does: decide(verificationId, {
      decision: "request_resubmission",
      reason_code: "image_unreadable",
      documents: [{ document_id: documentId, reason_code: "document_fraud" }],
    }),
    keeps,
  });
});

test("what is not in review cannot be decided; what waits for the person can only be rejected", async ({
  db,
}) => {
  const { userId, verificationId, documentId, keeps } = await arrange(db);
  const staff = user(await createStaff(db, "reviewer"));
  await db.as(
    staff,
    decide(verificationId, {
      decision: "request_resubmission",
      reason_code: "image_unreadable",
      documents: [{ document_id: documentId, reason_code: "image_unreadable" }],
    }),
  );
  await expectDenied(db, "NF032", {
    as: staff,
    does: decide(verificationId, { decision: "approve", version: 6 }),
    keeps,
  });
  await db.as(service, (sql) => sql`select private.shift_clock('1 minute')`);
  await addDocument(db, userId, verificationId);
  await submit(db, userId, verificationId);
  await expectDenied(db, "NF032", {
    as: staff,
    does: decide(verificationId, { decision: "approve", version: 9 }),
    keeps,
  });
});

test("no resubmission is asked for when no attempt is left", async ({ db }) => {
  const { verificationId, documentId, keeps } = await arrange(db);
  await db.sql`alter table public.kyc_verifications disable trigger user`;
  await db.sql`update public.kyc_verifications set max_attempts = 1 where verification_id = ${verificationId}`;
  await expectDenied(db, "NF034", {
    as: user(await createStaff(db, "reviewer")),
    does: decide(verificationId, {
      decision: "request_resubmission",
      reason_code: "image_unreadable",
      documents: [{ document_id: documentId, reason_code: "image_unreadable" }],
    }),
    keeps,
  });
});

test("an unknown verification is unknown", async ({ db }) => {
  await expectDenied(db, "NF020", {
    as: user(await createStaff(db, "reviewer")),
    does: decide(randomUUID(), { decision: "approve" }),
    keeps: (sql) => sql`select count(*) from private.kyc_reviews`,
  });
});

test("at high risk it only asks for a second person", async ({ db }) => {
  const { verificationId, keeps } = await arrange(db);
  await db.sql`update private.kyc_cases set risk_level = 'high' where verification_id = ${verificationId}`;
  const before = await keeps(db.sql);
  const [row] = await db.as(
    user(await createStaff(db, "approver")),
    decide(verificationId, { decision: "approve" }),
  );
  expect(row?.answer).toMatchObject({
    result: "pending_second_approval",
    status: "in_review",
    version: 5,
    pending_approval: { action: "approve", to_status: "approved", version: 5, document_ids: [] },
  });
  expect([...(await keeps(db.sql))]).toEqual([...before]);
});
