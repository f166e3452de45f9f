import { randomUUID } from "node:crypto";
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
test("the oldest anchor that waits, none where nothing waits", async ({ db }) => {
  expect(await pending(db)).toEqual([]);
  const [one] = [await anchor(db), await anchor(db)];
  expect(await pending(db)).toEqual([[1, one]]);
  // Asking takes nothing away.
  expect(await pending(db)).toEqual([[1, one]]);
});

test("nobody but the worker", async ({ db }) => {
  await anchor(db);
  const keeps = (sql: Db["sql"]) => sql`select * from private.audit_anchors`;
  for (const as of [anon, user(await createStaff(db, "admin"))]) {
    const does = (sql: Db["sql"]) => sql`select private.audit_anchor_pending()`;
    await expectDenied(db, "42501", { as, does, keeps });
  }
});
