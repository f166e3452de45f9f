import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createStaff } from "../../../helpers/db-fixtures.ts";
import { auditOf, createKey, newSecret } from "../../../helpers/db-operators.ts";

const rotate = async (db: Db, admin: string, keyId: string, overlap = "1 hour") => {
  const { prefix, sha256 } = newSecret();
  const [row] = await db.as(
    user(admin),
    (sql) => sql<{ key: Record<string, unknown> }[]>`
      select private.rotate_machine_key(${keyId}, ${overlap}::text::interval, ${prefix}, ${sha256}) as key`,
  );
  return row?.key;
};

const stored = async (db: Db, keyId: string) => {
  const [row] = await db.sql<{ replaced_by: string | null; left: string | null }[]>`
    select replaced_by, (expires_at - private.now())::text as left
    from private.machine_keys where key_id = ${keyId}`;
  return row;
};

test("the new key has what the old one had, and the old one works until the overlap ends", async ({
  db,
}) => {
  const admin = await createStaff(db, "admin");
  const options = { scopes: ["users:read"], allowed_cidrs: ["203.0.113.0/24"] };
  const old = await createKey(db, options);
  const key = await rotate(db, admin, old.keyId);
  expect(key).toMatchObject({ ...options, status: "active", expires_at: null, created_by: admin });
  expect(await stored(db, old.keyId)).toEqual({ replaced_by: key?.key_id, left: "01:00:00" });
  expect((await auditOf(db, "machine_keys")).at(-1)).toMatchObject({
    action: "machine_key.rotated",
    actor_id: admin,
  });
});

test("without an overlap the old key ends at once; a nearer expiry stays", async ({ db }) => {
  const admin = await createStaff(db, "admin");
  const first = await createKey(db);
  await rotate(db, admin, first.keyId, "0");
  expect(await stored(db, first.keyId)).toMatchObject({ left: "00:00:00" });

  const second = await createKey(db);
  await db.sql`update private.machine_keys set expires_at = private.now() + interval '1 minute'
    where key_id = ${second.keyId}`;
  await rotate(db, admin, second.keyId, "7 days");
  expect(await stored(db, second.keyId)).toMatchObject({ left: "00:01:00" });
});

test("a key that is revoked, expired, replaced or unknown cannot be rotated", async ({ db }) => {
  const admin = await createStaff(db, "admin");
  const [revoked, expired, replaced] = [
    await createKey(db),
    await createKey(db),
    await createKey(db),
  ];
  await db.as(user(admin), (sql) => sql`select private.revoke_machine_key(${revoked.keyId})`);
  await db.sql`update private.machine_keys set expires_at = private.now() where key_id = ${expired.keyId}`;
  await rotate(db, admin, replaced.keyId);
  for (const keyId of [revoked.keyId, expired.keyId, replaced.keyId, randomUUID()]) {
    const { prefix, sha256 } = newSecret();
    await expectDenied(db, "NF020", {
      as: user(admin),
      does: (sql) => sql`select private.rotate_machine_key(${keyId}, '0', ${prefix}, ${sha256})`,
      keeps: (sql) =>
        sql`select key_id, expires_at, replaced_by from private.machine_keys order by 1`,
    });
  }
});

test("only an administrator rotates", async ({ db }) => {
  const key = await createKey(db);
  const { prefix, sha256 } = newSecret();
  for (const [as, code] of [
    [user(await createStaff(db, "compliance_admin", "auditor")), "NF010"],
    [service, "42501"],
  ] as const) {
    await expectDenied(db, code, {
      as,
      does: (sql) =>
        sql`select private.rotate_machine_key(${key.keyId}, '0', ${prefix}, ${sha256})`,
      keeps: (sql) =>
        sql`select key_id, expires_at, replaced_by from private.machine_keys order by 1`,
    });
  }
});
