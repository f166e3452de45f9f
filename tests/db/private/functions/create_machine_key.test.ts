import { expect } from "vitest";
import { expectDenied, machine, service, test, user } from "../../../helpers/db.ts";
import { createStaff, createUser } from "../../../helpers/db-fixtures.ts";
import { auditOf, createKey, newSecret } from "../../../helpers/db-operators.ts";

test("an administrator makes a key; only its hash is kept", async ({ db }) => {
  const admin = await createStaff(db, "admin");
  const secret = newSecret();
  const input = {
    name: "Core banking",
    scopes: ["users:read"],
    allowed_cidrs: ["203.0.113.0/24"],
    expires_at: "2099-01-01T00:00:00.000Z",
  };
  const [row] = await db.as(
    user(admin),
    (sql) =>
      sql`select private.create_machine_key(${sql.json(input)}, ${secret.prefix}, ${secret.sha256}) as key`,
  );
  expect(row?.key).toMatchObject({
    ...input,
    prefix: secret.prefix,
    status: "active",
    created_by: admin,
    replaced_by: null,
    last_used_at: null,
    revoked_at: null,
  });
  expect(JSON.stringify(row?.key)).not.toContain(secret.sha256);
  const [stored] = await db.sql`
    select encode(secret_sha256, 'hex') as hash from private.machine_keys where prefix = ${secret.prefix}`;
  expect(stored).toEqual({ hash: secret.sha256 });
  expect(await auditOf(db, "machine_keys")).toContainEqual(
    expect.objectContaining({
      actor_kind: "staff",
      actor_id: admin,
      action: "machine_key.created",
      details: '{"scopes": ["users:read"]}',
    }),
  );
});

test.for([
  ["expires_at", { expires_at: "2020-01-01T00:00:00Z" }],
  ["allowed_cidrs", { allowed_cidrs: ["203.0.113.7/24"] }],
  ["allowed_cidrs", { allowed_cidrs: ["203.0.113.0/33"] }],
  ["scopes", { scopes: ["users:read", "everything"] }],
  ["scopes", { scopes: [] }],
  ["name", { name: "" }],
] as const)("a key with a wrong %s is refused", async ([member, changes], { db }) => {
  const admin = await createStaff(db, "admin");
  const { prefix, sha256 } = newSecret();
  const input = { name: "Core banking", scopes: ["users:read"], ...changes };
  await expect(
    db.as(
      user(admin),
      (sql) => sql`select private.create_machine_key(${sql.json(input)}, ${prefix}, ${sha256})`,
    ),
  ).rejects.toMatchObject({ code: "NF001", detail: member });
  expect((await db.sql`select from private.machine_keys where prefix = ${prefix}`).length).toBe(0);
});

test("nobody but an administrator makes keys, keys least of all", async ({ db }) => {
  const key = await createKey(db);
  const { prefix, sha256 } = newSecret();
  const others = [
    ...(await Promise.all(
      ["support", "reviewer", "approver", "compliance_admin", "auditor"].map(async (role) => ({
        as: user(await createStaff(db, role)),
        code: "NF010",
      })),
    )),
    { as: user(await createUser(db)), code: "NF010" },
    { as: machine(key.keyId), code: "42501" },
    { as: service, code: "42501" },
  ];
  for (const { as, code } of others) {
    await expectDenied(db, code, {
      as,
      does: (sql) => sql`
        select private.create_machine_key('{"name": "x", "scopes": ["users:read"]}', ${prefix}, ${sha256})`,
      keeps: (sql) => sql`select key_id from private.machine_keys`,
    });
  }
});
