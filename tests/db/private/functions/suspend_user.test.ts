import { describe, expect } from "vitest";
import { type Db, expectDenied, inSession, service, test, user } from "../../../helpers/db.ts";
import {
  createDraft,
  createPerson,
  createStaff,
  createUser,
} from "../../../helpers/db-fixtures.ts";
import { auditOf, createSession, makeOnlyAdmin } from "../../../helpers/db-operators.ts";

interface Result {
  user_id: string;
  account_status: string;
  version: number;
  ended_sessions: number;
}

const call = (
  sql: Db["sql"],
  id: string,
  version: number | null = null,
  note: string | null = null,
) =>
  sql<{ answer: Result }[]>`
    select private.suspend_user(${id}, 'security_incident', ${note}, ${version}) as answer`;

async function suspend(db: Db, actor: string, id: string, version: number | null = null) {
  const [row] = await db.as(user(actor), (sql) => call(sql, id, version, "Seen in a leak."));
  return row?.answer;
}

const stateOf = (id: string) => (sql: Db["sql"]) =>
  sql`
  select suspended_at, version,
    (select count(*) from auth.sessions where user_id = ${id}) as sessions,
    (select count(*) from private.suspensions where user_id = ${id}) as suspensions,
    (select count(*) from private.audit_log where stream = ${`user:${id}`}) as entries
  from public.profiles where user_id = ${id}`;

const refused = (db: Db, code: string, actor: string, id: string, version: number | null = null) =>
  expectDenied(db, code, {
    as: user(actor),
    does: (sql) => call(sql, id, version),
    keeps: stateOf(id),
  });

test("sessions end, the reason is kept, the audit has codes only, Auth is to be told", async ({
  db,
}) => {
  const [admin, id] = [await createStaff(db, "compliance_admin"), await createUser(db)];
  await createSession(db, id);
  await createSession(db, id);
  const kept = await createSession(db, admin);
  expect(await suspend(db, admin, id, 1)).toEqual({
    user_id: id,
    account_status: "suspended",
    version: 2,
    ended_sessions: 2,
  });
  expect([
    ...(await db.sql`select id from auth.sessions where user_id in (${id}, ${admin})`),
  ]).toEqual([{ id: kept }]);
  expect([
    ...(await db.sql`select reason_code, note, suspended_by, ended_at from private.suspensions where user_id = ${id}`),
  ]).toEqual([
    {
      reason_code: "security_incident",
      note: "Seen in a leak.",
      suspended_by: admin,
      ended_at: null,
    },
  ]);
  const [entry] = await db.sql`
    select action, actor_id, reason_code, details from private.audit_log
    where stream = ${`user:${id}`} order by sequence desc limit 1`;
  expect(entry).toEqual({
    action: "user.suspended",
    actor_id: admin,
    reason_code: "security_incident",
    details: '{"ended_sessions": 2}',
  });
  const [task] = await db.as(
    service,
    (sql) => sql`select task, is_blocked from private.claim_account_tasks(1, ${id})`,
  );
  expect(task).toEqual({ task: "access", is_blocked: true });
});

test("[AUTH-04] the token of a suspended person writes nothing more", async ({ db }) => {
  const [admin, id] = [await createStaff(db, "admin"), await createPerson(db)];
  const session = await createSession(db, id);
  await suspend(db, admin, id);
  await expectDenied(db, "NF012", {
    as: inSession(id, session),
    does: (sql) => sql`select private.kyc_create_verification()`,
    keeps: (sql) => sql`select * from public.kyc_verifications where user_id = ${id}`,
  });
});

test("a running verification goes on", async ({ db }) => {
  const [admin, id] = [await createStaff(db, "admin"), await createPerson(db)];
  const verification = await createDraft(db, id);
  await suspend(db, admin, id);
  const [row] = await db.sql`
    select status from public.kyc_verifications where verification_id = ${verification}`;
  expect(row?.status).toBe("draft");
});

describe("who may, and whom", () => {
  test.for(["support", "reviewer", "approver", "auditor"])("not %s", async (role, { db }) => {
    await refused(db, "NF010", await createStaff(db, role), await createUser(db));
  });

  test("[FUNC-01] not a customer, and nobody who was suspended", async ({ db }) => {
    const [admin, former] = [await createStaff(db, "admin"), await createStaff(db, "admin")];
    const id = await createUser(db);
    await refused(db, "NF010", id, former);
    await suspend(db, admin, former);
    await refused(db, "NF010", former, id);
  });

  test("nobody themselves, with any role", async ({ db }) => {
    for (const role of ["compliance_admin", "admin"]) {
      const id = await createStaff(db, role);
      await refused(db, "NF010", id, id);
    }
  });

  test("[ROLE-01] staff only by an administrator, and never the last one", async ({ db }) => {
    const [officer, admin] = [
      await createStaff(db, "compliance_admin"),
      await createStaff(db, "admin"),
    ];
    for (const role of ["support", "compliance_admin", "admin"]) {
      const id = await createStaff(db, role);
      await refused(db, "NF010", officer, id);
      expect(await suspend(db, admin, id)).toMatchObject({ account_status: "suspended" });
    }
    const last = await createStaff(db, "admin");
    await makeOnlyAdmin(db, last);
    await refused(db, "NF010", admin, last);
    // Another administrator who can't act any more does not count.
    await db.sql`insert into private.user_roles (user_id, role) values (${admin}, 'admin')`;
    await suspend(db, admin, last);
    await refused(db, "NF010", admin, admin);
  });

  test("the last administrator stays, whatever the way", async ({ db }) => {
    const last = await createStaff(db, "admin");
    await makeOnlyAdmin(db, last);
    await expectDenied(db, "NF040", {
      as: { role: "postgres" },
      does: (sql) => sql`update public.profiles set suspended_at = now() where user_id = ${last}`,
      keeps: stateOf(last),
    });
  });
});

describe("what there has to be", () => {
  test("an account, in the version that was read, and active", async ({ db }) => {
    const [admin, id] = [await createStaff(db, "admin"), await createUser(db)];
    await refused(db, "NF020", admin, crypto.randomUUID());
    await refused(db, "NF050", admin, id, 7);
    await suspend(db, admin, id);
    await refused(db, "NF043", admin, id);
    const deleted = await createUser(db);
    await db.sql`update public.profiles set is_soft_deleted = true where user_id = ${deleted}`;
    await refused(db, "NF043", admin, deleted);
  });

  test("a second suspension after one that was lifted by other means", async ({ db }) => {
    const [admin, id] = [await createStaff(db, "admin"), await createUser(db)];
    await suspend(db, admin, id);
    await db.sql`update public.profiles set suspended_at = null where user_id = ${id}`;
    await suspend(db, admin, id);
    const [row] = await db.sql`
      select count(*)::int as all, count(*) filter (where ended_at is null)::int as current
      from private.suspensions where user_id = ${id}`;
    expect(row).toEqual({ all: 2, current: 1 });
    expect((await auditOf(db, `user:${id}`)).map(({ action }) => action)).toEqual([
      "user.suspended",
      "user.suspended",
    ]);
  });
});
