import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { type Db, expectDenied, machine, test, user } from "../../../helpers/db.ts";
import { createStaff, createUser } from "../../../helpers/db-fixtures.ts";
import { auditOf, createKey } from "../../../helpers/db-operators.ts";

const reads = async (db: Db, keyId: string, userId: string) =>
  db.as(machine(keyId), (sql) => sql`select private.nff_get_user(${userId})`);

test("a revoked key ends with the commit, also for a caller that was let in before", async ({
  db,
}) => {
  const [admin, person, key] = [
    await createStaff(db, "admin"),
    await createUser(db),
    await createKey(db),
  ];
  await reads(db, key.keyId, person);
  await db.as(user(admin), (sql) => sql`select private.revoke_machine_key(${key.keyId})`);
  await expect(reads(db, key.keyId, person)).rejects.toMatchObject({ code: "NF016" });
});

test("revoking twice changes nothing the second time", async ({ db }) => {
  const admin = await createStaff(db, "admin");
  const key = await createKey(db);
  const state = () => db.sql`select * from private.machine_keys where key_id = ${key.keyId}`;
  await db.as(user(admin), (sql) => sql`select private.revoke_machine_key(${key.keyId})`);
  const [first, entries] = [[...(await state())], (await auditOf(db, "machine_keys")).length];
  await db.as(user(admin), (sql) => sql`select private.revoke_machine_key(${key.keyId})`);
  expect([...(await state())]).toEqual(first);
  expect((await auditOf(db, "machine_keys")).length).toBe(entries);
});

test("an unknown key is not found; nobody but an administrator revokes", async ({ db }) => {
  const key = await createKey(db);
  const keeps = (sql: Db["sql"]) =>
    sql`select key_id, revoked_at from private.machine_keys order by 1`;
  await expectDenied(db, "NF020", {
    as: user(await createStaff(db, "admin")),
    does: (sql) => sql`select private.revoke_machine_key(${randomUUID()})`,
    keeps,
  });
  await expectDenied(db, "NF010", {
    as: user(await createStaff(db, "auditor")),
    does: (sql) => sql`select private.revoke_machine_key(${key.keyId})`,
    keeps,
  });
});
