import { expect } from "vitest";
import { type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createStaff, createUser } from "../../../helpers/db-fixtures.ts";
import { auditOf } from "../../../helpers/db-operators.ts";

const suspend = (db: Db, actor: string, id: string) =>
  db.as(user(actor), (sql) => sql`select private.suspend_user(${id}, 'other', null, null)`);

const reinstate = (sql: Db["sql"], id: string, version: number | null = null) =>
  sql`select private.reinstate_user(${id}, 'Cleared.', ${version}) as answer`;

const refused = (db: Db, code: string, actor: string, id: string, version: number | null = null) =>
  expectDenied(db, code, {
    as: user(actor),
    does: (sql) => reinstate(sql, id, version),
    keeps: (sql) => sql`
      select suspended_at, version, (select jsonb_agg(to_jsonb(s)) from private.suspensions as s where s.user_id = ${id}) as history
      from public.profiles where user_id = ${id}`,
  });

test("the account is active again, Auth is to be told, who and why stay known", async ({ db }) => {
  const [admin, officer, id] = [
    await createStaff(db, "admin"),
    await createStaff(db, "compliance_admin"),
    await createUser(db),
  ];
  await suspend(db, admin, id);
  const [row] = await db.as(user(officer), (sql) => reinstate(sql, id, 2));
  expect(row?.answer).toEqual({
    user_id: id,
    account_status: "active",
    version: 3,
    ended_sessions: 0,
  });
  const [history] = await db.sql`
    select suspended_by, ended_by, ended_note, ended_at is not null as is_over
    from private.suspensions where user_id = ${id}`;
  expect(history).toEqual({
    suspended_by: admin,
    ended_by: officer,
    ended_note: "Cleared.",
    is_over: true,
  });
  const [task] = await db.as(
    service,
    (sql) => sql`select task, is_blocked from private.claim_account_tasks(1, ${id})`,
  );
  expect(task).toEqual({ task: "access", is_blocked: false });
  expect((await auditOf(db, `user:${id}`)).at(-1)).toMatchObject({
    action: "user.reinstated",
    actor_id: officer,
    details: "{}",
  });
});

test.for(["support", "reviewer", "approver", "auditor"])("not by %s", async (role, { db }) => {
  const [admin, id] = [await createStaff(db, "admin"), await createUser(db)];
  await suspend(db, admin, id);
  await refused(db, "NF010", await createStaff(db, role), id);
});

test("staff only by an administrator, and nobody who is suspended by themselves", async ({
  db,
}) => {
  const [admin, officer, member] = [
    await createStaff(db, "admin"),
    await createStaff(db, "compliance_admin"),
    await createStaff(db, "admin"),
  ];
  await suspend(db, admin, member);
  await refused(db, "NF010", officer, member);
  await refused(db, "NF010", member, member);
});

test("only a suspended account that exists, in the version that was read", async ({ db }) => {
  const [admin, id] = [await createStaff(db, "admin"), await createUser(db)];
  await refused(db, "NF020", admin, crypto.randomUUID());
  await refused(db, "NF043", admin, id);
  await suspend(db, admin, id);
  await refused(db, "NF050", admin, id, 1);
  await db.sql`update public.profiles set is_soft_deleted = true where user_id = ${id}`;
  await refused(db, "NF043", admin, id);
});

test("[ROLE-01] a suspended account of somebody is not lifted by their other one", async ({
  db,
}) => {
  const [admin, own, twin] = [
    await createStaff(db, "admin"),
    await createStaff(db, "admin"),
    await createStaff(db, "admin"),
  ];
  await db.sql`update public.profiles set first_name = 'Ada', last_name = 'King', date_of_birth = '1980-05-06'
    where user_id in (${own}, ${twin})`;
  await suspend(db, admin, own);
  await refused(db, "NF010", twin, own);
});
