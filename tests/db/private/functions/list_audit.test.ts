import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import {
  anon,
  type Caller,
  type Db,
  expectDenied,
  service,
  test,
  user,
} from "../../../helpers/db.ts";
import { createPerson, createStaff, createSubmitted, move } from "../../../helpers/db-fixtures.ts";

interface Row {
  readonly item: { readonly subject_id: string; readonly action: string; readonly stream: string };
  readonly position: string;
}

const list =
  (
    filter: Readonly<Record<string, string>> = {},
    { newestFirst = true, limit = 100, after = "" } = {},
  ) =>
  (sql: Db["sql"]) =>
    sql<Row[]>`select item, position
      from private.list_audit(${sql.json({ ...filter })}, ${newestFirst}, ${limit}, ${after || null})`;

/** Entries 1 to 4 of one stream; the even ones by a machine, the odd ones by a person. */
async function arrange(db: Db) {
  const stream = `test:${randomUUID()}`;
  const auditor = user(await createStaff(db, "auditor"));
  await db.sql`select set_config('app.request_id', ${stream.slice(5)}, true)`;
  for (const [index, action] of ["kyc.one", "kyc.two", "kycs.one", "user.one"].entries()) {
    const kind = index % 2 === 0 ? "user" : "machine";
    await db.sql`select private.audit_append(${stream}, ${kind}, ${`${kind} ${stream}`}, ${action},
      ${index < 2 ? "case" : "person"}, ${`${stream} ${index + 1}`}, 'other', '{"secret": 1}'::jsonb)`;
  }
  const found = async (filter: Readonly<Record<string, string>>, as: Caller = auditor) =>
    (await db.as(as, list({ stream, ...filter })))
      .map(({ item }) => item.subject_id.slice(-1))
      .join("");
  return { stream, auditor, found };
}

test("each filter, and all of them together", async ({ db }) => {
  const { stream, found } = await arrange(db);
  expect(await found({})).toBe("4321");
  expect(await found({ stream: "test:nothing" })).toBe("");
  expect(await found({ actor_kind: "machine" })).toBe("42");
  expect(await found({ actor_id: `user ${stream}` })).toBe("31");
  expect(await found({ action: "kyc.two" })).toBe("2");
  expect(await found({ action: "kyc." })).toBe("21");
  expect(await found({ action: "kyc" })).toBe("");
  expect(await found({ subject_type: "person" })).toBe("43");
  expect(await found({ subject_id: `${stream} 3` })).toBe("3");
  expect(await found({ request_id: stream.slice(5) })).toBe("4321");
  expect(await found({ request_id: "another" })).toBe("");
  expect(await found({ at_from: "2020-01-01T00:00:00Z" })).toBe("4321");
  expect(await found({ at_to: "2020-01-01T00:00:00Z" })).toBe("");
  expect(await found({ action: "kyc.", actor_kind: "user", subject_type: "case" })).toBe("1");
});

test("a time range holds its begin and not its end", async ({ db }) => {
  const { stream, found } = await arrange(db);
  const [entry] = await db.sql<{ at: string }[]>`
    select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
    from private.audit_log where stream = ${stream} and sequence = 3`;
  expect(await found({ at_from: entry?.at ?? "" })).toBe("43");
  expect(await found({ at_to: entry?.at ?? "" })).toBe("21");
});

test("pages in both orders, also among entries of the same moment", async ({ db }) => {
  const { stream, auditor } = await arrange(db);
  await db.sql`alter table private.audit_log disable trigger user`;
  await db.sql`update private.audit_log set at = '2026-01-01' where stream = ${stream}`;
  for (const newestFirst of [true, false]) {
    const whole = await db.as(auditor, list({ stream }, { newestFirst }));
    const walked: Row[] = [];
    for (let after = ""; ; ) {
      const [row] = await db.as(auditor, list({ stream }, { newestFirst, limit: 1, after }));
      if (!row) break;
      walked.push(row);
      after = row.position;
    }
    expect(walked).toEqual([...whole]);
    expect(whole).toHaveLength(4);
  }
});

test("an entry is shown without its details", async ({ db }) => {
  const { stream, auditor } = await arrange(db);
  const [row] = await db.as(auditor, list({ stream }));
  const [stored] = await db.sql`select encode(hash, 'hex') as hash from private.audit_log
    where stream = ${stream} and sequence = 4`;
  expect(row?.item).toEqual({
    audit_id: expect.any(String),
    stream,
    sequence: 4,
    at: expect.stringMatching(/\.\d{3}Z$/),
    actor_kind: "machine",
    actor_id: `machine ${stream}`,
    action: "user.one",
    subject_type: "person",
    subject_id: `${stream} 4`,
    reason_code: "other",
    request_id: stream.slice(5),
    hash: stored?.hash,
  });
});

test("a wish with quotes in it is a wish for nothing", async ({ db }) => {
  const { found } = await arrange(db);
  expect(await found({ subject_id: "' or true --", actor_id: "' or true --" })).toBe("");
});

test("a page of a long log comes from an index", async ({ db }) => {
  await db.sql`select private.audit_append('test:' || n % 50, 'system', (n % 20)::text, 'test.done', 'thing', n::text)
    from generate_series(1, 5000) as n`;
  await db.sql`analyze private.audit_log`;
  for (const filter of ["true", "subject_id = '77'", "stream = 'test:7'", "actor_id = '7'"]) {
    const plan = await db.sql.unsafe(`explain select * from private.audit_log
      where ${filter} order by at desc, audit_id desc limit 26`);
    expect(plan.map((line) => line["QUERY PLAN"]).join("\n"), filter).not.toContain("Seq Scan");
  }
});

test("compliance administrators, auditors and administrators may look, nobody else", async ({
  db,
}) => {
  for (const role of ["compliance_admin", "auditor", "admin"] as const) {
    const as = user(await createStaff(db, role));
    await expect(db.as(as, list())).resolves.toBeDefined();
  }
  const keeps = (sql: Db["sql"]) =>
    sql`select stream, sequence from private.audit_heads order by 1`;
  const others = user(await createStaff(db, "support", "reviewer", "approver"));
  for (const as of [user(await createPerson(db)), others]) {
    await expectDenied(db, "NF010", { as, does: list(), keeps });
  }
  for (const as of [anon, service]) await expectDenied(db, "42501", { as, does: list(), keeps });
});

test("[QUEUE-02] nobody reads in the audit what happened to the own case, as whatever account", async ({
  db,
}) => {
  const { userId, verificationId } = await createSubmitted(db);
  await move(db, verificationId, "in_review", "system", "sanctions_hit");
  const other = await createStaff(db, "auditor");
  const seen = async (id: string) =>
    (await db.as(user(id), list({ stream: `kyc:${verificationId}` }))).length;
  expect(await seen(other)).toBeGreaterThan(0);
  await db.sql`insert into private.user_roles (user_id, role) values (${userId}, 'auditor')`;
  expect(await seen(userId)).toBe(0);
  await db.sql`
    update public.profiles as twin
    set first_name = own.first_name, last_name = own.last_name, date_of_birth = own.date_of_birth
    from public.profiles as own where own.user_id = ${userId} and twin.user_id = ${other}`;
  expect(await seen(other)).toBe(0);
});

test("[PRIV-05] nobody reads in the audit of a hold on themselves, as whatever account", async ({
  db,
}) => {
  const [held, other, twin] = [
    await createStaff(db, "auditor"),
    await createStaff(db, "auditor"),
    await createStaff(db, "auditor"),
  ];
  const stream = `user:${held}`;
  for (const action of ["legal_hold_placed", "legal_hold_released", "erasure_held", "signed_out"]) {
    const subject = action.startsWith("legal_hold") ? "legal_hold" : "person";
    await db.sql`select private.audit_append(${stream}, 'staff', ${other}, ${`user.${action}`}, ${subject}, 'x')`;
  }
  await db.sql`update public.profiles set email = 'hold@example.com', date_of_birth = '1970-01-01'
    where user_id = ${held}`;
  await db.sql`update public.profiles set email = 'Hold+2@example.com', date_of_birth = '1970-01-02'
    where user_id = ${twin}`;
  const all = ["legal_hold_placed", "legal_hold_released", "erasure_held", "signed_out"];
  const seen = async (id: string) =>
    (await db.as(user(id), list({ stream, actor_kind: "staff" }, { newestFirst: false }))).map(
      ({ item }) => item.action.replace("user.", ""),
    );
  expect(await seen(other)).toEqual(all);
  for (const id of [held, twin]) expect(await seen(id)).toEqual(["signed_out"]);
});
