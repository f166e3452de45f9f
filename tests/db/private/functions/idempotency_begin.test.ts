import { expect } from "vitest";
import { expectDenied, type Sql, service, test, user } from "../../../helpers/db.ts";
import { createUser } from "../../../helpers/db-fixtures.ts";

const begin = (key: string, fingerprint: string) => (sql: Sql) =>
  sql`select * from private.idempotency_begin(${key}, ${fingerprint})`;
const finish =
  (key: string, fingerprint: string, body: string | null = '{"a": 1}') =>
  (sql: Sql) =>
    sql`select private.idempotency_finish(${key}, ${fingerprint}, 201, '{"location": "/x"}', ${body})`;
const stored = (sql: Sql) => sql`select * from private.idempotency_keys order by caller, key`;

test("the first request is new, the second gets the first answer byte for byte", async ({ db }) => {
  const caller = user(await createUser(db));
  const [first] = await db.as(caller, begin("k", "f"));
  expect(first).toMatchObject({ state: "new" });
  await db.as(caller, finish("k", "f", '{"a":  1}'));
  const [second] = await db.as(caller, begin("k", "f"));
  expect(second).toEqual({
    state: "replay",
    status: 201,
    headers: { location: "/x" },
    body: '{"a":  1}',
  });
});

test("another request with the key is refused", async ({ db }) => {
  const caller = user(await createUser(db));
  await db.as(caller, begin("k", "f"));
  await db.as(caller, finish("k", "f"));
  await expectDenied(db, "NF060", { as: caller, does: begin("k", "g"), keeps: stored });
});

test("each caller has keys of its own", async ({ db }) => {
  const first = user(await createUser(db));
  await db.as(first, begin("k", "f"));
  await db.as(first, finish("k", "f"));
  for (const other of [user(await createUser(db)), service]) {
    const [row] = await db.as(other, begin("k", "g"));
    expect(row).toMatchObject({ state: "new", body: null });
  }
});

test("an expired key is new again", async ({ db }) => {
  const caller = user(await createUser(db));
  await db.as(caller, begin("k", "f"));
  await db.as(caller, finish("k", "f"));
  await db.as(service, (sql) => sql`select private.shift_clock('49 hours')`);
  const [row] = await db.as(caller, begin("k", "g"));
  expect(row).toMatchObject({ state: "new" });
});

test("the table is readable by no API role", async ({ db }) => {
  const caller = user(await createUser(db));
  for (const as of [caller, service]) {
    await expectDenied(db, "42501", {
      as,
      does: (sql) => sql`select * from private.idempotency_keys`,
      keeps: stored,
    });
  }
});
