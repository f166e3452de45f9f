import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import {
  anon,
  type Db,
  expectDenied,
  migrator,
  type Sql,
  service,
  test,
  user,
} from "../../../helpers/db.ts";
import { createUser } from "../../../helpers/db-fixtures.ts";

const append =
  (stream: string, details = "{}") =>
  (sql: Sql) =>
    sql`select private.audit_append(${stream}, 'user', 'actor', 'test.done', 'thing', 'id', null, ${details}::text::jsonb)`;
const entries = (stream: string) => (sql: Sql) =>
  sql`select * from private.audit_log where stream = ${stream} order by sequence`;

async function chain(db: Db, length: number): Promise<string> {
  const stream = `test:${randomUUID()}`;
  for (let index = 0; index < length; index += 1) await append(stream)(db.sql);
  return stream;
}

test("entries of a stream are numbered without gaps and end at its head", async ({ db }) => {
  await db.sql`select set_config('app.request_id', 'req_1', true)`;
  const stream = await chain(db, 3);
  const rows = await entries(stream)(db.sql);
  expect(rows.map((row) => Number(row.sequence))).toEqual([1, 2, 3]);
  expect(rows[0]).toMatchObject({
    actor_kind: "user",
    action: "test.done",
    request_id: "req_1",
    details: "{}",
  });
  const [head] =
    await db.sql`select sequence, hash from private.audit_heads where stream = ${stream}`;
  expect(head?.hash).toEqual(rows[2]?.hash);
});

test("an entry of a transaction that fails was never there", async ({ db }) => {
  const stream = await chain(db, 1);
  await expect(
    db.sql.savepoint(async (sql) => {
      await append(stream)(sql);
      await sql`select 1 / 0`;
    }),
  ).rejects.toMatchObject({ code: "22012" });
  expect(await entries(stream)(db.sql)).toHaveLength(1);
  await append(stream)(db.sql);
  expect(await db.sql`select * from private.audit_verify(${stream})`).toHaveLength(0);
});

test("moving a character from one field to the next changes the hash", async ({ db }) => {
  const [row] = await db.sql`
    select private.audit_hash(null, v.id, 's', 1, '2026-01-01', 'user', 'ab', 'c', 't', null, null, null, '')
      <> private.audit_hash(null, v.id, 's', 1, '2026-01-01', 'user', 'a', 'bc', 't', null, null, null, '') as shifted,
      private.audit_hash(null, v.id, 's', 1, '2026-01-01', 'user', null, 'c', 't', null, null, null, '')
      <> private.audit_hash(null, v.id, 's', 1, '2026-01-01', 'user', '', 'c', 't', null, null, null, '') as null_is_not_empty
    from (values ('019a9f3e-7c2b-7d41-8a6f-0c5d2e1b4a90'::uuid)) as v (id)`;
  expect(row).toEqual({ shifted: true, null_is_not_empty: true });
});

test("nobody changes, removes or adds an entry by hand, not even the owner", async ({ db }) => {
  const stream = await chain(db, 2);
  const keeps = entries(stream);
  for (const does of [
    (sql: Sql) => sql`update private.audit_log set action = 'x' where stream = ${stream}`,
    (sql: Sql) => sql`delete from private.audit_log where stream = ${stream}`,
    (sql: Sql) => sql`truncate private.audit_log`,
    (sql: Sql) => sql`delete from private.audit_heads where stream = ${stream}`,
    (sql: Sql) => sql`update private.audit_heads set sequence = 1 where stream = ${stream}`,
    (
      sql: Sql,
    ) => sql`insert into private.audit_log (stream, sequence, at, actor_kind, action, subject_type, details, hash)
      values (${stream}, 3, now(), 'user', 'x', 'x', '{}', '\\x00')`,
  ]) {
    await expectDenied(db, "NF010", { as: migrator, does, keeps });
  }
});

test("no API role reads or appends", async ({ db }) => {
  const stream = await chain(db, 1);
  const person = user(await createUser(db));
  for (const as of [anon, person, service]) {
    await expectDenied(db, "42501", { as, does: append(stream), keeps: entries(stream) });
    await expectDenied(db, "42501", { as, does: entries(stream), keeps: entries(stream) });
    await expectDenied(db, "42501", {
      as,
      does: (sql) => sql`select * from private.audit_verify()`,
      keeps: entries(stream),
    });
  }
});
