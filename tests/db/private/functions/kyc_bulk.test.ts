import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { anon, type Db, expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import {
  createDraft,
  createPerson,
  createProcessing,
  createStaff,
  createSubmitted,
  createUser,
  move,
} from "../../../helpers/db-fixtures.ts";
import { caseOf, createInReview, holdOf, lastEntry } from "../../../helpers/db-review.ts";

type Item = { verification_id: string; version: number; reason_code?: string };
type Result = {
  verification_id: string;
  result: string | null;
  status: string | null;
  version: number | null;
  sqlstate: string | null;
  message: string | null;
};

const bulks = (action: string, items: readonly Item[], rest: Record<string, unknown> = {}) => {
  const request = JSON.stringify({ action, items, ...rest });
  return (sql: Sql) =>
    sql<{ results: Result[] }[]>`select private.kyc_bulk(${request}::text::jsonb) as results`;
};

async function bulk(db: Db, id: string, ...request: Parameters<typeof bulks>): Promise<Result[]> {
  const [row] = await db.as(user(id), bulks(...request));
  return row?.results ?? [];
}

const itemOf = async (db: Db, verificationId: string): Promise<Item> => {
  const [row] = await db.sql<Item[]>`
    select verification_id, version from public.kyc_verifications where verification_id = ${verificationId}`;
  if (!row) throw new Error("There is no such verification.");
  return row;
};

const snapshots = (ids: readonly string[]) => async (sql: Sql) => {
  const rows = [];
  for (const id of ids) rows.push(...(await caseOf(id)(sql)));
  return rows;
};

test("each item succeeds or fails by itself, in the order of the request", async ({ db }) => {
  const ids = [];
  for (let count = 0; count < 4; count += 1) ids.push((await createInReview(db)).verificationId);
  const [good = "", stale = "", held = "", grave = ""] = ids;
  await db.sql`update private.kyc_cases set risk_level = 'high' where verification_id = ${grave}`;
  const [id, holder] = [await createStaff(db, "reviewer"), await createStaff(db, "reviewer")];
  await db.as(user(holder), (sql) => sql`select private.kyc_assign(${held}, ${holder})`);
  const kept = await snapshots([stale, held])(db.sql);
  const unknown = randomUUID();
  const request = [
    await itemOf(db, held),
    { verification_id: unknown, version: 1 },
    { ...(await itemOf(db, stale)), version: 1 },
    { ...(await itemOf(db, grave)), reason_code: "known_fraud" },
    await itemOf(db, good),
  ];
  const results = await bulk(db, id, "reject", request, { reason_code: "document_expired" });
  expect(results.map((result) => result.verification_id)).toEqual([
    held,
    unknown,
    stale,
    grave,
    good,
  ]);
  expect(results).toMatchObject([
    { sqlstate: "NF037", result: null, status: "in_review", version: 6 },
    { sqlstate: "NF020", result: null, status: null, version: null },
    { sqlstate: "NF050", result: null, status: "in_review", version: 6 },
    { sqlstate: null, result: "pending_second_approval", status: "in_review", version: 6 },
    { sqlstate: null, result: "applied", status: "rejected", version: 7, message: null },
  ]);
  expect(await snapshots([stale, held])(db.sql)).toEqual(kept);
  const [row] =
    await db.sql`select reason_code from private.kyc_cases where verification_id = ${good}`;
  expect(row).toEqual({ reason_code: "document_expired" });
  expect(await lastEntry(db, good)).toMatchObject({ action: "kyc.transition", actor_id: id });
});

test("a dry run says the same and changes nothing", async ({ db }) => {
  const ids = [];
  for (let count = 0; count < 3; count += 1) ids.push((await createInReview(db)).verificationId);
  const [first = "", second = "", third = ""] = ids;
  const id = await createStaff(db, "reviewer");
  const items = [
    await itemOf(db, first),
    { ...(await itemOf(db, second)), version: 2 },
    await itemOf(db, third),
  ];
  const rest = {
    reason_code: "document_expired",
    note: "Expired documents of the October import.",
  };
  const before = await snapshots(ids)(db.sql);
  const tried = await bulk(db, id, "reject", items, { ...rest, dry_run: true });
  expect(await snapshots(ids)(db.sql)).toEqual(before);
  expect(tried.map(({ result }) => result)).toEqual(["applied", null, "applied"]);
  expect(await bulk(db, id, "reject", items, { ...rest, dry_run: false })).toEqual(tried);
});

test("assign, release, requeue: like the single operations, with a note each", async ({ db }) => {
  const { verificationId } = await createInReview(db);
  const [lead, holder] = [await createStaff(db, "approver"), await createStaff(db, "reviewer")];
  const item = await itemOf(db, verificationId);
  expect(
    await bulk(db, lead, "assign", [item], { assignee_id: holder, note: "Yours." }),
  ).toMatchObject([{ result: "applied", status: "in_review", version: 6 }]);
  expect(await holdOf(db, verificationId)).toMatchObject({ holder });
  expect(await bulk(db, lead, "requeue", [item])).toMatchObject([{ sqlstate: "NF037" }]);
  await bulk(db, lead, "release", [item]);
  expect(await holdOf(db, verificationId)).toMatchObject({ holder: null });
  expect(await bulk(db, lead, "requeue", [item])).toMatchObject([
    { result: "applied", status: "submitted", version: 7 },
  ]);
  const notes =
    await db.sql`select author_id, body from private.kyc_notes where verification_id = ${verificationId}`;
  expect(notes).toEqual([{ author_id: lead, body: "Yours." }]);
});

test("pull takes what the provider works on into review, and nothing else", async ({ db }) => {
  const processing = await createProcessing(db);
  const reviewed = await createInReview(db);
  const approved = await createProcessing(db);
  await move(db, approved.verificationId, "approved", "provider");
  const id = await createStaff(db, "reviewer");
  const results = await bulk(db, id, "pull", [
    await itemOf(db, processing.verificationId),
    await itemOf(db, reviewed.verificationId),
    await itemOf(db, approved.verificationId),
  ]);
  expect(results).toMatchObject([
    { result: "applied", status: "in_review" },
    { sqlstate: "NF032", status: "in_review" },
    { sqlstate: "NF032", status: "approved" },
  ]);
  const [row] = await db.sql`select reason_code, review_owner, due_at is not null as is_due
    from private.kyc_cases where verification_id = ${processing.verificationId}`;
  expect(row).toEqual({ reason_code: "manual_review", review_owner: "internal", is_due: true });
});

test("cancel ends what has no verdict, for a reason", async ({ db }) => {
  const draft = await createDraft(db, await createPerson(db));
  const { verificationId: submitted } = await createSubmitted(db);
  const { verificationId: processing } = await createProcessing(db);
  const { verificationId: reviewed } = await createInReview(db);
  const id = await createStaff(db, "reviewer");
  const items = [];
  for (const each of [draft, submitted, processing, reviewed]) items.push(await itemOf(db, each));
  expect(await bulk(db, id, "cancel", items)).toMatchObject([
    { sqlstate: "NF064", status: "draft" },
    { sqlstate: "NF064", status: "submitted" },
    { sqlstate: "NF064", status: "processing" },
    { sqlstate: "NF032", status: "in_review" },
  ]);
  const done = await bulk(db, id, "cancel", items, { reason_code: "cancelled_by_staff" });
  expect(done).toMatchObject([
    { result: "applied", status: "cancelled" },
    { result: "applied", status: "cancelled" },
    { result: "applied", status: "cancelled" },
    { sqlstate: "NF032", status: "in_review" },
  ]);
});

test("request_resubmission asks for every document of the attempt", async ({ db }) => {
  const { verificationId, documentId } = await createInReview(db);
  const id = await createStaff(db, "reviewer");
  const item = { ...(await itemOf(db, verificationId)), reason_code: "document_fraud" };
  expect(await bulk(db, id, "request_resubmission", [item])).toMatchObject([
    { result: "applied", status: "resubmission_required" },
  ]);
  const documents = await db.sql`select document_id, status, reason_code
    from public.kyc_documents where verification_id = ${verificationId}`;
  // What the person must not be told becomes the word that says nothing.
  expect(documents).toEqual([
    { document_id: documentId, status: "rejected", reason_code: "other" },
  ]);
});

test("[QUEUE-02] the own verification is refused like in the single operations", async ({ db }) => {
  const { userId, verificationId } = await createInReview(db);
  await db.sql`insert into private.user_roles (user_id, role) values (${userId}, 'approver')`;
  const item = await itemOf(db, verificationId);
  const before = await snapshots([verificationId])(db.sql);
  for (const [action, rest] of [
    ["reject", { reason_code: "other" }],
    ["requeue", {}],
    ["release", {}],
    ["assign", { assignee_id: userId }],
  ] as const) {
    expect(await bulk(db, userId, action, [item], rest)).toMatchObject([{ sqlstate: "NF010" }]);
  }
  expect(await snapshots([verificationId])(db.sql)).toEqual(before);
});

test("a reviewer cannot assign to others in bulk either", async ({ db }) => {
  const { verificationId } = await createInReview(db);
  const [id, other] = [await createStaff(db, "reviewer"), await createStaff(db, "reviewer")];
  const items = [await itemOf(db, verificationId)];
  expect(await bulk(db, id, "assign", items, { assignee_id: other })).toMatchObject([
    { sqlstate: "NF010", message: "A reviewer takes cases only for themselves." },
  ]);
});

test("a failure of the database itself is one item's too", async ({ db }) => {
  const [broken, good] = [await createInReview(db), await createInReview(db)];
  await db.sql`alter table private.kyc_notes add constraint never check (verification_id <> ${db.sql.unsafe(`'${broken.verificationId}'`)})`;
  const id = await createStaff(db, "reviewer");
  const items = [await itemOf(db, broken.verificationId), await itemOf(db, good.verificationId)];
  expect(await bulk(db, id, "requeue", items, { note: "Again." })).toMatchObject([
    { sqlstate: "23514", result: null, status: "in_review" },
    { sqlstate: null, result: "applied", status: "submitted" },
  ]);
});

test.for<[string, string, (item: Item) => [Item[], Record<string, unknown>]]>([
  ["approving", "approve", (item) => [[item], {}]],
  ["an unknown action", "erase", (item) => [[item], {}]],
  ["no item", "release", () => [[], {}]],
  [
    "101 items",
    "release",
    (item) => [Array.from({ length: 101 }, () => ({ ...item, verification_id: randomUUID() })), {}],
  ],
  ["an item twice", "release", (item) => [[item, item], {}]],
  ["assign without an assignee", "assign", (item) => [[item], {}]],
  ["an assignee without assign", "release", (item) => [[item], { assignee_id: randomUUID() }]],
  ["a reason to release", "release", (item) => [[item], { reason_code: "other" }]],
  ["an item's reason to requeue", "requeue", (item) => [[{ ...item, reason_code: "other" }], {}]],
])("refused as a whole: %s", async ([, action, requestOf], { db }) => {
  const { verificationId } = await createInReview(db);
  const [items, rest] = requestOf(await itemOf(db, verificationId));
  await expectDenied(db, "NF001", {
    as: user(await createStaff(db, "approver")),
    does: bulks(action, items, rest),
    keeps: caseOf(verificationId),
  });
});

test("other roles, people, anonymous callers and backends cannot act in bulk", async ({ db }) => {
  const { verificationId } = await createInReview(db);
  const keeps = caseOf(verificationId);
  const does = bulks("requeue", [await itemOf(db, verificationId)]);
  for (const role of ["support", "auditor", "admin"]) {
    await expectDenied(db, "NF010", { as: user(await createStaff(db, role)), does, keeps });
  }
  await expectDenied(db, "NF010", { as: user(await createUser(db)), does, keeps });
  await expectDenied(db, "42501", { as: anon, does, keeps });
  await expectDenied(db, "42501", { as: service, does, keeps });
});
