import { describe, expect } from "vitest";
import { type Db, expectDenied, test, user } from "../../../helpers/db.ts";
import { createStaff, createUser } from "../../../helpers/db-fixtures.ts";
import { createSession, newSecret } from "../../../helpers/db-operators.ts";

type Sql = Db["sql"];

const demand = (db: Db) => db.sql`update private.settings set staff_mfa_required = true`;

/** What a token of this person claims; the rest of the transaction runs with it. */
const claim = (sql: Sql, claims: Record<string, unknown>) =>
  sql`select set_config('request.jwt.claims', ${JSON.stringify(claims)}, true)`;

const passes = async (db: Db, id: string, claims: Record<string, unknown>) =>
  db.as(user(id), async (sql) => {
    await claim(sql, { sub: id, role: "authenticated", ...claims });
    await sql`select private.require_aal2()`;
  });

async function sessionOf(db: Db, id: string, aal: "aal1" | "aal2"): Promise<string> {
  const session = await createSession(db, id);
  await db.sql`update auth.sessions set aal = ${aal}::text::auth.aal_level where id = ${session}`;
  return session;
}

describe("where a second factor is asked for", () => {
  test("a session that has proved one passes", async ({ db }) => {
    await demand(db);
    const id = await createUser(db);
    const session_id = await sessionOf(db, id, "aal2");
    await expect(passes(db, id, { aal: "aal2", session_id })).resolves.toBeUndefined();
  });

  test("one factor, none, and a token that is older than its session's factor: NF011", async ({
    db,
  }) => {
    await demand(db);
    const id = await createUser(db);
    const [weak, strong] = [await sessionOf(db, id, "aal1"), await sessionOf(db, id, "aal2")];
    for (const claims of [
      { aal: "aal1", session_id: strong },
      { session_id: strong },
      { aal: "aal2", session_id: weak },
      { aal: "aal2", session_id: crypto.randomUUID() },
      { aal: "aal2", session_id: "none" },
      {},
    ]) {
      await expect(passes(db, id, claims)).rejects.toMatchObject({ code: "NF011" });
    }
  });
});

test("settings and transaction: either may ask, neither can waive what the other asks", async ({
  db,
}) => {
  const id = await createUser(db);
  const asked = async (setting: boolean, transaction: string | null) => {
    await db.sql`update private.settings set staff_mfa_required = ${setting}`;
    await db.sql`select set_config('app.require_staff_mfa', ${transaction ?? ""}, true)`;
    return passes(db, id, { aal: "aal1" }).then(
      () => false,
      (error) => error.code === "NF011",
    );
  };
  expect([
    await asked(false, null),
    await asked(false, "off"),
    await asked(false, "on"),
    await asked(true, null),
    await asked(true, "off"),
  ]).toEqual([false, false, true, true, true]);
});

test("it is asked for unless somebody turns it off", async ({ db }) => {
  const [column] = await db.sql`
    select column_default from information_schema.columns
    where table_schema = 'private' and table_name = 'settings' and column_name = 'staff_mfa_required'`;
  expect(column).toEqual({ column_default: "true" });
});

const ID = "00000000-0000-4000-8000-0000000000ff";
const { prefix, sha256 } = newSecret();

/** Functions of staff that need two factors, with a role that may call them. */
const GUARDED = [
  [
    "kyc_decide",
    "reviewer",
    (sql: Sql) => sql`select private.kyc_decide(${ID}, 'approve', null, null, null, 1)`,
  ],
  [
    "kyc_vote",
    "approver",
    (sql: Sql) => sql`select private.kyc_vote(${ID}, ${ID}, '00', 'confirm', null, null)`,
  ],
  [
    "kyc_revoke",
    "compliance_admin",
    (sql: Sql) => sql`select private.kyc_revoke(${ID}, 'other', null, 1)`,
  ],
  [
    "kyc_reopen",
    "compliance_admin",
    (sql: Sql) => sql`select private.kyc_reopen(${ID}, 'other', null, 1)`,
  ],
  [
    "kyc_document_link",
    "reviewer",
    (sql: Sql) => sql`select private.kyc_document_link(${ID}, ${ID})`,
  ],
  [
    "kyc_bulk",
    "reviewer",
    (sql: Sql) =>
      sql`select private.kyc_bulk(${sql.json({ action: "release", items: [{ verification_id: ID, version: 1 }] })})`,
  ],
  ["kyc_requeue", "reviewer", (sql: Sql) => sql`select private.kyc_requeue(${ID})`],
  [
    "kyc_export",
    "auditor",
    (sql: Sql) => sql`select private.kyc_export('{"reason_code": ["none"]}', 1)`,
  ],
  ["kyc_export_rows", "auditor", (sql: Sql) => sql`select private.kyc_export_rows('[]')`],
  [
    "suspend_user",
    "compliance_admin",
    (sql: Sql) => sql`select private.suspend_user(${ID}, 'other', null, null)`,
  ],
  [
    "reinstate_user",
    "compliance_admin",
    (sql: Sql) => sql`select private.reinstate_user(${ID}, null, null)`,
  ],
  [
    "place_legal_hold",
    "compliance_admin",
    (sql: Sql) => sql`select private.place_legal_hold(${ID}, 'court_order')`,
  ],
  [
    "release_legal_hold",
    "compliance_admin",
    (sql: Sql) => sql`select private.release_legal_hold(${ID})`,
  ],
  [
    "kyc_decide_screening_hit",
    "reviewer",
    (sql: Sql) => sql`select private.kyc_decide_screening_hit(${ID}, ${ID}, 'dismiss', 'x', '00')`,
  ],
  [
    "put_user_roles",
    "admin",
    (sql: Sql) => sql`select private.put_user_roles(${ID}, '["support"]', null, null)`,
  ],
  [
    "create_machine_key",
    "admin",
    (sql: Sql) =>
      sql`select private.create_machine_key('{"name": "x", "scopes": ["users:read"]}', ${prefix}, ${sha256})`,
  ],
  [
    "rotate_machine_key",
    "admin",
    (sql: Sql) => sql`select private.rotate_machine_key(${ID}, '1 hour', ${prefix}, ${sha256})`,
  ],
  [
    "create_webhook_endpoint",
    "admin",
    (sql: Sql) =>
      sql`select private.create_webhook_endpoint('{"url": "https://x.example.com/", "event_types": ["kyc.*"]}', 'whsec_x')`,
  ],
  [
    "update_webhook_endpoint",
    "admin",
    (sql: Sql) => sql`select private.update_webhook_endpoint(${ID}, '{"enabled": false}', null)`,
  ],
  [
    "delete_webhook_endpoint",
    "admin",
    (sql: Sql) => sql`select private.delete_webhook_endpoint(${ID}, null)`,
  ],
  [
    "rotate_webhook_secret",
    "admin",
    (sql: Sql) => sql`select private.rotate_webhook_secret(${ID}, '1 hour', 'whsec_x')`,
  ],
  ["revoke_machine_key", "admin", (sql: Sql) => sql`select private.revoke_machine_key(${ID})`],
] as const;

describe.for(GUARDED)("%s", ([, role, does]) => {
  test("with one factor: NF011, nothing changes", async ({ db }) => {
    await demand(db);
    await expectDenied(db, "NF011", {
      as: user(await createStaff(db, role)),
      does,
      keeps: (sql) => sql`
        select (select count(*) from private.machine_keys) as keys,
          (select count(*) from private.user_roles) as roles,
          (select count(*) from private.audit_log) as entries`,
    });
  });

  test("without the role: NF010, whatever the factors", async ({ db }) => {
    await demand(db);
    const id = await createUser(db);
    const session_id = await sessionOf(db, id, "aal2");
    const attempt = db.as(user(id), async (sql) => {
      await claim(sql, { sub: id, role: "authenticated", aal: "aal2", session_id });
      await does(sql);
    });
    await expect(attempt).rejects.toMatchObject({ code: "NF010" });
  });

  test("with two factors it is let in", async ({ db }) => {
    await demand(db);
    const id = await createStaff(db, role);
    const session_id = await sessionOf(db, id, "aal2");
    const attempt = db.as(user(id), async (sql) => {
      await claim(sql, { sub: id, role: "authenticated", aal: "aal2", session_id });
      await does(sql);
    });
    // There is nothing behind the id; only creating a key and exporting need nothing.
    const outcome = await attempt.then(
      () => "done",
      (error) => error.code,
    );
    expect(["done", "NF020"]).toContain(outcome);
  });
});
