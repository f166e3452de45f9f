import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { type Db, type Sql, test } from "../../../helpers/db.ts";

/** A chain of five entries, and the triggers off, as somebody with all rights would have it. */
async function tampering(db: Db, tamper: (sql: Sql, stream: string) => Promise<unknown>) {
  const stream = `test:${randomUUID()}`;
  await db.sql`
    select private.audit_append(${stream}, 'staff', 'actor', 'test.done', 'thing', n::text)
    from generate_series(1, 5) as n`;
  expect(await db.sql`select * from private.audit_verify(${stream})`).toHaveLength(0);
  for (const table of ["audit_log", "audit_heads"]) {
    await db.sql`alter table ${db.sql(`private.${table}`)} disable trigger user`;
  }
  await tamper(db.sql, stream);
  const faults = await db.sql<{ sequence: string; fault: string }[]>`
    select sequence, fault from private.audit_verify(${stream}) order by sequence, fault`;
  return faults.map(({ sequence, fault }) => `${fault} at ${sequence}`);
}

const COLUMNS = {
  at: "2020-01-01",
  actor_kind: "user",
  actor_id: "another",
  action: "test.other",
  subject_type: "other",
  subject_id: null,
  reason_code: "other",
  request_id: "req_x",
  details: "{ }",
  audit_id: "00000000-0000-7000-8000-000000000001",
} as const;

test.for(Object.entries(COLUMNS))(
  "[AUDIT-01] an edit of %s is found",
  async ([column, value], { db }) => {
    const faults = await tampering(
      db,
      (sql, stream) =>
        sql`update private.audit_log set ${sql({ [column]: value })} where stream = ${stream} and sequence = 3`,
    );
    expect(faults).toEqual(["changed at 3"]);
  },
);

test("an edit that also mends the hash of its row breaks the next one", async ({ db }) => {
  const faults = await tampering(db, async (sql, stream) => {
    await sql`update private.audit_log set action = 'test.other' where stream = ${stream} and sequence = 3`;
    await sql`update private.audit_log as e set hash = private.audit_hash(
        (select hash from private.audit_log where stream = ${stream} and sequence = 2), e.audit_id, e.stream, e.sequence, e.at,
        e.actor_kind, e.actor_id, e.action, e.subject_type, e.subject_id, e.reason_code, e.request_id, e.details)
      where stream = ${stream} and sequence = 3`;
  });
  expect(faults).toEqual(["changed at 4"]);
});

test("[AUDIT-01] a removed entry leaves a gap", async ({ db }) => {
  const faults = await tampering(
    db,
    (sql, stream) => sql`delete from private.audit_log where stream = ${stream} and sequence = 2`,
  );
  expect(faults).toEqual(["gap at 3"]);
});

test("[AUDIT-01] a cut tail does not fit the head", async ({ db }) => {
  const faults = await tampering(
    db,
    (sql, stream) => sql`delete from private.audit_log where stream = ${stream} and sequence > 3`,
  );
  expect(faults).toEqual(["head at 5"]);
});

test("a stream that is gone is missed by its head, a head by its stream", async ({ db }) => {
  const gone = await tampering(
    db,
    (sql, stream) => sql`delete from private.audit_log where stream = ${stream}`,
  );
  expect(gone).toEqual(["head at 5"]);
  const headless = await tampering(
    db,
    (sql, stream) => sql`delete from private.audit_heads where stream = ${stream}`,
  );
  expect(headless).toEqual(["head at 5"]);
});

test("entries that changed places are found", async ({ db }) => {
  const faults = await tampering(db, async (sql, stream) => {
    await sql`update private.audit_log set sequence = sequence + 100 where stream = ${stream} and sequence in (2, 3)`;
    await sql`update private.audit_log set sequence = case sequence when 102 then 3 else 2 end where stream = ${stream} and sequence > 100`;
  });
  expect(faults).not.toEqual([]);
});

test("all streams are checked at once", async ({ db }) => {
  await tampering(
    db,
    (sql, stream) =>
      sql`update private.audit_log set action = 'x.y' where stream = ${stream} and sequence = 1`,
  );
  const faults = await db.sql<
    { stream: string }[]
  >`select distinct stream from private.audit_verify()`;
  expect(faults).toHaveLength(1);
});
