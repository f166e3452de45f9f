import { expect } from "vitest";
import { type Db, test, user } from "../../../helpers/db.ts";
import { createProcessing, createStaff } from "../../../helpers/db-fixtures.ts";
import { claim, fail, queueMessage, TEST_TOPIC } from "../../../helpers/db-outbox.ts";
import {
  expectPages,
  expectRoles,
  type PageWish,
  type StaffRow,
} from "../../../helpers/db-staff-lists.ts";

type Item = { readonly message_id: string; readonly subject_id: string };
type Filter = Readonly<Record<string, string | string[]>>;

const list =
  (filter: Filter = {}, { newestFirst = true, limit = 100, after = "" }: PageWish = {}) =>
  (sql: Db["sql"]) =>
    sql<StaffRow<Item>[]>`select item, position from private.list_outbox(
      ${sql.json({ ...filter })}, ${newestFirst}, ${limit}, ${after || null})`;

/** Four messages, the oldest first: pending, sent, dead, cancelled; the ids made so that they are in order. */
async function arrange(db: Db) {
  await db.sql`delete from private.outbox`;
  const auditor = user(await createStaff(db, "auditor"));
  const ids: string[] = [];
  for (const [index, status] of ["pending", "sent", "dead", "cancelled"].entries()) {
    const id = await queueMessage(db);
    const ordered = `00000000-0000-7000-8000-00000000000${index}`;
    await db.sql`update private.outbox set message_id = ${ordered}, status = ${status},
      payload = '{"secret": "Lindenstraße"}', finished_at = case when ${status} <> 'pending' then private.now() end
      where message_id = ${id}`;
    ids.push(ordered);
  }
  const found = async (filter: Filter, wish?: PageWish) =>
    (await db.as(auditor, list(filter, wish)))
      .map(({ item }) => ids.indexOf(item.message_id))
      .join("");
  return { auditor, ids, found };
}

test("by topic, status, subject and time", async ({ db }) => {
  const { found, ids } = await arrange(db);
  expect(await found({})).toBe("3210");
  expect(await found({}, { newestFirst: false })).toBe("0123");
  expect(await found({ status: ["dead", "pending"] })).toBe("20");
  expect(await found({ status: "cancelled" })).toBe("3");
  expect(await found({ topic: TEST_TOPIC })).toBe("3210");
  expect(await found({ topic: "provider.submit" })).toBe("");
  const [row] = await db.sql<{ subject_id: string }[]>`
    select subject_id from private.outbox where message_id = ${ids[1] ?? ""}`;
  expect(await found({ subject_id: row?.subject_id ?? "" })).toBe("1");
  expect(await found({ created_from: "2020-01-01T00:00:00Z" })).toBe("3210");
  expect(await found({ created_to: "2020-01-01T00:00:00Z" })).toBe("");
});

test("pages in both orders", async ({ db }) => {
  const { auditor } = await arrange(db);
  await expectPages((wish) => db.as(auditor, list({}, wish)), 4);
});

test("a message is shown without its payload, with what went wrong", async ({ db }) => {
  await db.sql`delete from private.outbox`;
  const auditor = user(await createStaff(db, "auditor"));
  const id = await queueMessage(db, "vendor");
  const [claimed] = await claim(db);
  if (claimed) await fail(db, claimed, 503);
  const [row] = await db.as(auditor, list());
  expect(row?.item).toEqual({
    message_id: id,
    topic: TEST_TOPIC,
    provider: "vendor",
    subject_id: expect.any(String),
    status: "pending",
    attempts: 1,
    last_http_status: 503,
    last_error: "failed",
    next_attempt_at: expect.stringMatching(/Z$/),
    created_at: expect.stringMatching(/Z$/),
    finished_at: null,
  });
  await db.sql`update private.outbox set status = 'dead', finished_at = private.now()`;
  const [dead] = await db.as(auditor, list());
  expect(dead?.item).toMatchObject({ next_attempt_at: null, finished_at: expect.any(String) });
});

test("compliance administrators, auditors and administrators", async ({ db }) => {
  await expectRoles(
    db,
    ["compliance_admin", "auditor", "admin"],
    list(),
    (sql) => sql`select message_id, status from private.outbox`,
  );
});

test("[QUEUE-02] nobody finds what is sent about them, as whatever account", async ({ db }) => {
  const { auditor, ids } = await arrange(db);
  const { userId, verificationId } = await createProcessing(db);
  await db.sql`insert into private.user_roles (user_id, role) values (${userId}, 'auditor')`;
  const twin = await createStaff(db, "auditor");
  await db.sql`update public.profiles set email = 'Outbox@example.com' where user_id = ${userId}`;
  await db.sql`update public.profiles set email = 'outbox+2@example.com' where user_id = ${twin}`;
  await db.sql`delete from private.outbox where message_id <> all (${ids}::uuid[])`;
  for (const [index, subject] of [verificationId, userId].entries()) {
    const id = await queueMessage(db);
    // As after a legal hold, which its person is not told of.
    await db.sql`update private.outbox set subject_id = ${subject}, status = 'cancelled', last_error = 'legal_hold',
      message_id = ${`00000000-0000-7000-8000-00000000001${index}`} where message_id = ${id}`;
  }
  expect(await db.as(auditor, list())).toHaveLength(6);
  for (const id of [userId, twin]) {
    expect((await db.as(user(id), list())).map(({ item }) => item.message_id)).toEqual(
      ids.toReversed(),
    );
    expect(await db.as(user(id), list({ subject_id: verificationId }))).toEqual([]);
  }
});
