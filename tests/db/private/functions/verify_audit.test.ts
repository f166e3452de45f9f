import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { anon, type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createPerson, createStaff } from "../../../helpers/db-fixtures.ts";

interface Wish {
  readonly stream?: string;
  readonly from?: string;
  readonly sequence?: number;
  readonly hash?: string;
  readonly limit?: number;
}

interface Verification {
  readonly intact: boolean;
  readonly complete: boolean;
  readonly next_stream: string | null;
  readonly checked_streams: number;
  readonly checked_entries: number;
  readonly anchor_checked: boolean;
  readonly faults: readonly { stream: string; sequence: number; fault: string }[];
}

const verify =
  ({ stream, from, sequence, hash, limit = 250_000 }: Wish) =>
  async (sql: Db["sql"]) => {
    const [row] = await sql<{ answer: Verification }[]>`
      select private.verify_audit(${stream ?? null}, ${from ?? null}, ${sequence ?? null}, ${hash ?? null},
        ${limit}) as answer`;
    if (!row) throw new Error("There is no answer.");
    return row.answer;
  };

/** Chains of these lengths, in the order of their names, and nothing else in the audit. */
async function arrange(db: Db, ...lengths: number[]) {
  const auditor = user(await createStaff(db, "auditor"));
  const prefix = `zzz:${randomUUID()}`;
  const streams = lengths.map((_, index) => `${prefix}:${index}`);
  for (const [index, length] of lengths.entries()) {
    await db.sql`
      select private.audit_append(${streams[index] ?? ""}, 'staff', 'actor', 'test.done', 'thing', n::text)
      from generate_series(1, ${length}::integer) as n`;
  }
  return { auditor, streams, first: streams[0] ?? "" };
}

const withoutTriggers = async (db: Db) => {
  for (const table of ["audit_log", "audit_heads"]) {
    await db.sql`alter table ${db.sql(`private.${table}`)} disable trigger user`;
  }
};

async function hashAt(db: Db, stream: string, sequence: number): Promise<string> {
  const [row] = await db.sql<{ hash: string }[]>`
    select encode(hash, 'hex') as hash from private.audit_log where stream = ${stream} and sequence = ${sequence}`;
  return row?.hash ?? "";
}

test("everything is checked and counted", async ({ db }) => {
  const { auditor, first } = await arrange(db, 3, 2);
  expect(await db.as(auditor, verify({ from: first }))).toEqual({
    intact: true,
    complete: true,
    next_stream: null,
    checked_streams: 2,
    checked_entries: 5,
    anchor_checked: false,
    faults: [],
    checked_at: expect.stringMatching(/Z$/),
  });
  expect(await db.as(auditor, verify({ stream: first }))).toMatchObject({
    complete: true,
    checked_streams: 1,
    checked_entries: 3,
  });
  const whole = await db.as(auditor, verify({}));
  expect(whole).toMatchObject({ intact: true, complete: true });
  expect(whole.checked_streams).toBeGreaterThanOrEqual(2);
});

test("a check in pages meets every chain once, and one longer than a page as a whole", async ({
  db,
}) => {
  const { auditor, streams, first } = await arrange(db, 2, 9, 1, 1, 3, 4);
  const pages: (readonly [number, number])[] = [];
  const begins: string[] = [];
  for (let from: string | null = first; from !== null; ) {
    begins.push(from);
    const page: Verification = await db.as(auditor, verify({ from, limit: 3 }));
    expect(page.intact).toBe(true);
    pages.push([page.checked_streams, page.checked_entries]);
    from = page.next_stream;
  }
  expect(begins).toEqual([streams[0], streams[2], streams[5]]);
  expect(pages).toEqual([
    [2, 11],
    [3, 5],
    [1, 4],
  ]);
});

test("faults are listed in order, a hundred of them, and only those of the wish", async ({
  db,
}) => {
  const { auditor, streams, first } = await arrange(db, 150, 2);
  await withoutTriggers(db);
  await db.sql`update private.audit_log set action = 'x.y' where stream like ${`${first.slice(0, -1)}%`}`;
  const all = await db.as(auditor, verify({ from: first }));
  expect(all.intact).toBe(false);
  expect(all.faults).toHaveLength(100);
  expect(all.faults[1]).toEqual({ stream: first, sequence: 2, fault: "changed" });
  const second = await db.as(auditor, verify({ stream: streams[1] ?? "" }));
  expect(second.faults.map(({ sequence }) => sequence)).toEqual([1, 2]);
});

test("a stream whose head is gone is found by every page that could hold it", async ({ db }) => {
  const { auditor, first, streams } = await arrange(db, 2, 2, 2);
  await withoutTriggers(db);
  await db.sql`delete from private.audit_heads where stream = ${streams[1] ?? ""}`;
  const page = await db.as(auditor, verify({ from: first, limit: 1 }));
  expect(page.faults).toEqual([{ stream: streams[1], sequence: 2, fault: "head" }]);
  expect(page.next_stream).toBe(streams[2]);
});

test("an anchor that the chain still holds", async ({ db }) => {
  const { auditor, first } = await arrange(db, 4);
  const hash = await hashAt(db, first, 3);
  expect(await db.as(auditor, verify({ stream: first, sequence: 3, hash }))).toMatchObject({
    intact: true,
    anchor_checked: true,
    faults: [],
  });
  expect(await db.as(auditor, verify({ stream: first, sequence: 2, hash }))).toMatchObject({
    intact: false,
    faults: [{ stream: first, sequence: 2, fault: "anchor" }],
  });
});

test("[AUDIT-01] cut and written anew, the chain looks whole and only the anchor tells", async ({
  db,
}) => {
  const { auditor, first } = await arrange(db, 5);
  const hash = await hashAt(db, first, 5);
  await withoutTriggers(db);
  await db.sql`delete from private.audit_log where stream = ${first} and sequence > 3`;
  await db.sql`update private.audit_heads as head set sequence = 3, hash = last.hash
    from private.audit_log as last where head.stream = ${first} and last.stream = ${first} and last.sequence = 3`;
  expect(await db.as(auditor, verify({ stream: first }))).toMatchObject({ intact: true });
  expect(await db.as(auditor, verify({ stream: first, sequence: 5, hash }))).toMatchObject({
    intact: false,
    faults: [{ stream: first, sequence: 5, fault: "anchor" }],
  });
  // Grown to its old length again, it still is another chain.
  await db.sql`alter table private.audit_log enable trigger user`;
  await db.sql`alter table private.audit_heads enable trigger user`;
  await db.sql`select private.audit_append(${first}, 'staff', 'actor', 'test.done', 'thing', n::text)
    from generate_series(4, 5) as n`;
  expect(await db.as(auditor, verify({ stream: first }))).toMatchObject({ intact: true });
  expect(await db.as(auditor, verify({ stream: first, sequence: 5, hash }))).toMatchObject({
    intact: false,
  });
});

test("[AUDIT-01] a stream that is gone without a trace is missed by its anchor", async ({ db }) => {
  const { auditor, first } = await arrange(db, 2);
  const hash = await hashAt(db, first, 2);
  await withoutTriggers(db);
  await db.sql`delete from private.audit_log where stream = ${first}`;
  await db.sql`delete from private.audit_heads where stream = ${first}`;
  expect(await db.as(auditor, verify({ stream: first }))).toMatchObject({ intact: true });
  expect(await db.as(auditor, verify({ stream: first, sequence: 2, hash }))).toMatchObject({
    intact: false,
  });
});

test.for([
  [{ stream: "a", from: "b" }, "from_stream"],
  [{ sequence: 1, hash: "00" }, "stream"],
  [{ stream: "a", sequence: 1 }, "anchor_hash"],
  [{ stream: "a", hash: "00" }, "anchor_sequence"],
] as const)("%j is refused", async ([wish, detail], { db }) => {
  const auditor = user(await createStaff(db, "auditor"));
  await expect(db.as(auditor, verify(wish))).rejects.toMatchObject({ code: "NF001", detail });
});

test("compliance administrators, auditors and administrators may check, nobody else", async ({
  db,
}) => {
  for (const role of ["compliance_admin", "auditor", "admin"] as const) {
    const as = user(await createStaff(db, role));
    await expect(db.as(as, verify({}))).resolves.toMatchObject({ complete: true });
  }
  const keeps = (sql: Db["sql"]) =>
    sql`select stream, sequence from private.audit_heads order by 1`;
  const others = user(await createStaff(db, "support", "reviewer", "approver"));
  for (const as of [user(await createPerson(db)), others]) {
    await expectDenied(db, "NF010", { as, does: verify({}), keeps });
  }
  for (const as of [anon, service])
    await expectDenied(db, "42501", { as, does: verify({}), keeps });
});
