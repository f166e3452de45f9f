import { describe, expect } from "vitest";
import { type Db, expectDenied, operator, service, test, user } from "../../../helpers/db.ts";
import { createStaff } from "../../../helpers/db-fixtures.ts";
import { createKey, type MachineKey, newSecret } from "../../../helpers/db-operators.ts";

const prove = async (
  db: Db,
  { prefix, sha256 }: Pick<MachineKey, "prefix" | "sha256">,
  from: string | null = "203.0.113.7",
) => {
  const [row] = await db.as(
    operator("00000000-0000-4000-8000-000000000000"),
    (sql) => sql<{ answer: { state: string; key_id?: string; scopes?: string[] } }[]>`
      select private.authenticate_machine_key(${prefix}, ${sha256}, ${from}) as answer`,
  );
  return row?.answer;
};

const lastUse = async (db: Db, keyId: string) => {
  const [row] = await db.sql<{ at: Date | null }[]>`
    select last_used_at as at from private.machine_keys where key_id = ${keyId}`;
  return row?.at?.getTime() ?? null;
};

test("a key that works names itself and its scopes", async ({ db }) => {
  const key = await createKey(db, { scopes: ["users:read"] });
  expect(await prove(db, key)).toEqual({ state: "ok", key_id: key.keyId, scopes: ["users:read"] });
});

test("an unknown prefix and a wrong secret are the same", async ({ db }) => {
  const key = await createKey(db);
  expect(await prove(db, newSecret())).toEqual({ state: "unknown" });
  expect(await prove(db, { prefix: key.prefix, sha256: newSecret().sha256 })).toEqual({
    state: "unknown",
  });
});

test("[KEY-01] what is wrong with a key is only told to who has it", async ({ db }) => {
  const key = await createKey(db);
  await db.sql`update private.machine_keys set revoked_at = now(), revoked_by = created_by
    where key_id = ${key.keyId}`;
  expect(await prove(db, key)).toEqual({ state: "revoked" });
  expect(await prove(db, { prefix: key.prefix, sha256: newSecret().sha256 })).toEqual({
    state: "unknown",
  });
});

test("a key ends at the moment it expires", async ({ db }) => {
  const key = await createKey(db);
  await db.sql`update private.machine_keys set expires_at = private.now() where key_id = ${key.keyId}`;
  expect(await prove(db, key)).toEqual({ state: "expired" });
  await db.sql`update private.machine_keys set expires_at = private.now() + interval '1 second'
    where key_id = ${key.keyId}`;
  expect(await prove(db, key)).toMatchObject({ state: "ok" });
});

describe("networks", () => {
  test.for([
    ["203.0.113.7", "ok"],
    ["203.0.113.255", "ok"],
    ["::ffff:203.0.113.7", "ok"],
    ["2001:db8:1::42", "ok"],
    ["203.0.114.7", "network"],
    ["2001:db9::1", "network"],
    ["not an address", "network"],
    ["203.0.113.7, 10.0.0.1", "network"],
    ["", "network"],
  ] as const)("from %s: %s", async ([address, state], { db }) => {
    const key = await createKey(db, { allowed_cidrs: ["203.0.113.0/24", "2001:db8::/32"] });
    expect(await prove(db, key, address)).toMatchObject({ state });
  });

  test("an unknown address fits no network, and any where none is listed", async ({ db }) => {
    expect(await prove(db, await createKey(db, { allowed_cidrs: ["0.0.0.0/0"] }), null)).toEqual({
      state: "network",
    });
    expect(await prove(db, await createKey(db), null)).toMatchObject({ state: "ok" });
  });
});

test("the last use is written once a minute, and not for a refused key", async ({ db }) => {
  const key = await createKey(db);
  expect(await lastUse(db, key.keyId)).toBeNull();
  await prove(db, key);
  const first = await lastUse(db, key.keyId);
  expect(first).not.toBeNull();

  await db.as(service, (sql) => sql`select private.shift_clock('59 seconds')`);
  await prove(db, key);
  expect(await lastUse(db, key.keyId)).toBe(first);

  await db.as(service, (sql) => sql`select private.shift_clock('1 second')`);
  await prove(db, key);
  expect(await lastUse(db, key.keyId)).toBe((first ?? 0) + 60_000);

  await db.as(service, (sql) => sql`select private.shift_clock('1 hour')`);
  await db.sql`update private.machine_keys set revoked_at = now(), revoked_by = created_by
    where key_id = ${key.keyId}`;
  await prove(db, key);
  expect(await lastUse(db, key.keyId)).toBe((first ?? 0) + 60_000);
});

test("people and components of the project cannot try keys", async ({ db }) => {
  const key = await createKey(db);
  for (const caller of [user(await createStaff(db, "admin")), service]) {
    await expectDenied(db, "42501", {
      as: caller,
      does: (sql) =>
        sql`select private.authenticate_machine_key(${key.prefix}, ${key.sha256}, null)`,
      keeps: (sql) => sql`select * from private.machine_keys where key_id = ${key.keyId}`,
    });
  }
});
