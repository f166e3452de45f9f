import { createHash, randomUUID } from "node:crypto";
import { expect } from "vitest";
import { anon, type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createSigner, makeAnchor } from "../../../helpers/db-anchors.ts";
import { createStaff } from "../../../helpers/db-fixtures.ts";

const signer = await createSigner("key-1");

const anchor = async (db: Db) => {
  await db.sql`select private.audit_append(${`test:${randomUUID()}`}, 'staff', 'actor', 'test.done', 'thing', '1')`;
  return makeAnchor(db, signer);
};
const pending = async (db: Db) => {
  const rows = await db.as(service, (sql) => sql`select * from private.audit_anchor_pending()`);
  return rows.map(({ number, document }) => [Number(number), document]);
};
const store = (db: Db, number: number) =>
  db.as(service, (sql) => sql`select private.audit_anchor_stored(${number})`);

test("anchors wait in their order until each is stored, and then only their hash stays", async ({
  db,
}) => {
  const [one, two] = [await anchor(db), await anchor(db)];
  expect(await pending(db)).toEqual([[1, one]]);
  await store(db, 1);
  expect(await pending(db)).toEqual([[2, two]]);
  const [first] = await db.sql`select * from private.audit_anchors where number = 1`;
  expect(first).toMatchObject({ document: null, stored_at: expect.any(Date) });
  expect(first?.sha256.toString("hex")).toBe(createHash("sha256").update(one).digest("hex"));
  // What is said twice is said once.
  await store(db, 1);
  expect(await db.sql`select * from private.audit_anchors where number = 1`).toEqual([first]);
  await store(db, 2);
  expect(await pending(db)).toEqual([]);
});

test("nobody but the worker", async ({ db }) => {
  await anchor(db);
  const keeps = (sql: Db["sql"]) => sql`select * from private.audit_anchors`;
  for (const as of [anon, user(await createStaff(db, "admin"))]) {
    const does = (sql: Db["sql"]) => sql`select private.audit_anchor_stored(1)`;
    await expectDenied(db, "42501", { as, does, keeps });
  }
});
