import { createHash, randomUUID } from "node:crypto";
import { expect } from "vitest";
import { type Db, test, user } from "../../../helpers/db.ts";
import { ingest } from "../../../helpers/db-events.ts";
import { createProcessing, createStaff } from "../../../helpers/db-fixtures.ts";
import {
  expectPages,
  expectRoles,
  type PageWish,
  type StaffRow,
} from "../../../helpers/db-staff-lists.ts";

type Item = { readonly provider_event_id: string; readonly result: string };
type Filter = Readonly<Record<string, string | string[]>>;

const list =
  (filter: Filter = {}, { newestFirst = true, limit = 100, after = "" }: PageWish = {}) =>
  (sql: Db["sql"]) =>
    sql<StaffRow<Item>[]>`select item, position from private.list_webhook_events(
      ${sql.json({ ...filter })}, ${newestFirst}, ${limit}, ${after || null})`;

/** One event of each kind, about one verification or about none; in the order of their letters. */
async function arrange(db: Db) {
  await db.sql`delete from private.webhook_inbox`;
  const auditor = user(await createStaff(db, "auditor"));
  const { verificationId, reference } = await createProcessing(db);
  const about = { provider_reference: reference };
  const prefix = randomUUID();
  const id = (letter: string) => `${prefix}${letter}`;
  const body = JSON.stringify({ secret: "Lindenstraße 12" });
  await ingest(db, { ...about, event_id: id("a"), outcome: "approved", sequence: 2 }, body);
  await ingest(db, { ...about, event_id: id("b"), outcome: "processing", sequence: 1 });
  await ingest(db, { ...about, event_id: id("c"), outcome: "processing", sequence: 3 });
  await ingest(db, { event_id: id("d"), provider_reference: prefix, outcome: "approved" });
  await ingest(db, { ...about, event_id: id("e"), outcome: null });
  const found = async (filter: Filter, wish?: PageWish) =>
    (await db.as(auditor, list(filter, wish)))
      .map(({ item }) => item.provider_event_id.replace(prefix, ""))
      .join("");
  return { auditor, verificationId, reference, body, found, id };
}

test("by result, verification, id, provider and time", async ({ db }) => {
  const { found, verificationId, id } = await arrange(db);
  expect(await found({})).toBe("edcba");
  expect(await found({}, { newestFirst: false })).toBe("abcde");
  expect(await found({ result: ["applied"] })).toBe("a");
  expect(await found({ result: "stale" })).toBe("b");
  expect(await found({ result: ["conflict", "parked"] })).toBe("dc");
  expect(await found({ verification_id: verificationId })).toBe("cba");
  expect(await found({ provider_event_id: id("d") })).toBe("d");
  expect(await found({ provider: "mock" })).toBe("edcba");
  expect(await found({ provider: "another" })).toBe("");
  expect(await found({ received_from: "2020-01-01T00:00:00Z" })).toBe("edcba");
  expect(await found({ received_to: "2020-01-01T00:00:00Z" })).toBe("");
});

test("pages in both orders", async ({ db }) => {
  const { auditor } = await arrange(db);
  await expectPages((wish) => db.as(auditor, list({}, wish)), 5);
});

test("an event is shown without its body", async ({ db }) => {
  const { auditor, id, verificationId, reference, body } = await arrange(db);
  const [applied] = await db.as(auditor, list({ provider_event_id: id("a") }));
  expect(applied?.item).toEqual({
    event_id: expect.any(String),
    provider: "mock",
    provider_event_id: id("a"),
    event_type: "verification.approved",
    provider_reference: reference,
    verification_id: verificationId,
    sequence: 2,
    attempt: 1,
    result: "applied",
    error: null,
    deliveries: 1,
    mismatches: 0,
    attempts: 1,
    next_attempt_at: null,
    body_sha256: createHash("sha256").update(body).digest("hex"),
    occurred_at: "2026-11-20T09:21:07.123Z",
    received_at: expect.stringMatching(/Z$/),
  });
  const errorOf = async (letter: string) => {
    const [row] = await db.as(auditor, list({ provider_event_id: id(letter) }));
    return row?.item;
  };
  expect(await errorOf("b")).toMatchObject({ error: "A newer event is known." });
  expect(await errorOf("c")).toMatchObject({
    error: "The state machine does not allow approved to processing.",
  });
  expect(await errorOf("d")).toMatchObject({
    error: "Its verification is not known yet.",
    next_attempt_at: expect.stringMatching(/Z$/),
    verification_id: null,
  });
  expect(await errorOf("e")).toMatchObject({ error: null, verification_id: null });
});

test("compliance administrators, auditors and administrators", async ({ db }) => {
  await expectRoles(
    db,
    ["compliance_admin", "auditor", "admin"],
    list(),
    (sql) => sql`select event_row_id, result from private.webhook_inbox`,
  );
});

test("[QUEUE-02] nobody finds what the provider says about them, as whatever account", async ({
  db,
}) => {
  const { auditor } = await arrange(db);
  const own = await createProcessing(db);
  await db.sql`insert into private.user_roles (user_id, role) values (${own.userId}, 'auditor')`;
  const twin = await createStaff(db, "auditor");
  // The person of the other events was submitted under the same name and birth date.
  await db.sql`delete from private.risk_signals where user_id = ${own.userId}`;
  await db.sql`update public.profiles set email = 'Events@example.com', date_of_birth = '1970-01-01'
    where user_id = ${own.userId}`;
  await db.sql`update public.profiles set email = 'events+2@example.com' where user_id = ${twin}`;
  const about = { provider_reference: own.reference };
  const prefix = randomUUID();
  await ingest(db, { ...about, event_id: `${prefix}f`, outcome: "rejected", sequence: 2 });
  // Of no known kind: it is stored without its verification, but under its reference.
  await ingest(db, { ...about, event_id: `${prefix}g`, outcome: null });
  const events = async (id: string, filter: Filter = {}) =>
    (await db.as(user(id), list(filter))).map(({ item }) => item.provider_event_id.slice(-1));
  expect(await db.as(auditor, list())).toHaveLength(7);
  for (const id of [own.userId, twin]) {
    expect((await events(id)).sort().join("")).toBe("abcde");
    expect(await events(id, { verification_id: own.verificationId })).toEqual([]);
    expect(await events(id, { provider_event_id: `${prefix}g` })).toEqual([]);
  }
});
