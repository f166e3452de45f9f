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
test("a number is given once", async ({ db }) => {
  await anchor(db);
  await expect(
    db.as(service, (sql) => sql`select private.audit_anchor_sign(1, true, 'another')`),
  ).rejects.toMatchObject({ code: "23505" });
});

test("nobody but the worker", async ({ db }) => {
  await anchor(db);
  const keeps = (sql: Db["sql"]) => sql`select * from private.audit_anchors`;
  for (const as of [anon, user(await createStaff(db, "admin"))]) {
    const does = (sql: Db["sql"]) => sql`select private.audit_anchor_sign(2, true, 'x')`;
    await expectDenied(db, "42501", { as, does, keeps });
  }
});
