import { expect } from "vitest";
import { type Db, expectDenied, inSession, test, user } from "../../../helpers/db.ts";
import { createPerson, createStaff, createUser } from "../../../helpers/db-fixtures.ts";
import { auditOf, createSession } from "../../../helpers/db-operators.ts";

const signOut = (sql: Db["sql"], id: string) => sql`select private.sign_out_user(${id}) as answer`;

const sessionsOf = (id: string) => (sql: Db["sql"]) =>
  sql`
  select id from auth.sessions where user_id = ${id} order by id`;

test.for(["support", "compliance_admin", "admin"])(
  "%s ends every session with its refresh tokens, of this person only",
  async (role, { db }) => {
    const [staff, id, other] = [
      await createStaff(db, role),
      await createPerson(db),
      await createUser(db),
    ];
    const session = await createSession(db, id);
    await createSession(db, id);
    const kept = await createSession(db, other);
    await db.sql`insert into auth.refresh_tokens (token, user_id, session_id, revoked)
      values (${`token-${session}`}, ${id}, ${session}, false)`;
    const [before] = await db.sql`select version from public.profiles where user_id = ${id}`;
    const [row] = await db.as(user(staff), (sql) => signOut(sql, id));
    expect(row?.answer).toEqual({
      user_id: id,
      account_status: "active",
      version: before?.version,
      ended_sessions: 2,
    });
    expect([...(await sessionsOf(id)(db.sql))]).toEqual([]);
    expect([...(await sessionsOf(other)(db.sql))]).toEqual([{ id: kept }]);
    expect([...(await db.sql`select from auth.refresh_tokens where user_id = ${id}`)]).toEqual([]);
    expect((await auditOf(db, `user:${id}`)).at(-1)).toMatchObject({
      action: "user.signed_out",
      actor_id: staff,
      details: '{"ended_sessions": 2}',
    });
    await expectDenied(db, "NF002", {
      as: inSession(id, session),
      does: (sql) => sql`select private.kyc_create_verification()`,
      keeps: (sql) => sql`select * from public.kyc_verifications where user_id = ${id}`,
    });
  },
);

test("of somebody without a session, twice, whatever the state of the account", async ({ db }) => {
  const [staff, id] = [await createStaff(db, "support"), await createUser(db)];
  for (const status of ["active", "suspended", "soft_deleted"]) {
    if (status === "suspended") {
      await db.sql`update public.profiles set suspended_at = now() where user_id = ${id}`;
    } else if (status === "soft_deleted") {
      await db.sql`update public.profiles set is_soft_deleted = true where user_id = ${id}`;
    }
    const [row] = await db.as(user(staff), (sql) => signOut(sql, id));
    expect(row?.answer).toMatchObject({ account_status: status, ended_sessions: 0 });
  }
});

test.for(["reviewer", "approver", "auditor"])("not by %s", async (role, { db }) => {
  const id = await createUser(db);
  await createSession(db, id);
  await expectDenied(db, "NF010", {
    as: user(await createStaff(db, role)),
    does: (sql) => signOut(sql, id),
    keeps: sessionsOf(id),
  });
});

test("staff only by an administrator; nobody: NF020", async ({ db }) => {
  const member = await createStaff(db, "auditor");
  await createSession(db, member);
  for (const role of ["support", "compliance_admin"]) {
    await expectDenied(db, "NF010", {
      as: user(await createStaff(db, role)),
      does: (sql) => signOut(sql, member),
      keeps: sessionsOf(member),
    });
  }
  const admin = await createStaff(db, "admin");
  await expectDenied(db, "NF020", {
    as: user(admin),
    does: (sql) => signOut(sql, crypto.randomUUID()),
    keeps: (sql) => sql`select count(*) from private.audit_log`,
  });
  const [row] = await db.as(user(admin), (sql) => signOut(sql, member));
  expect(row?.answer).toMatchObject({ ended_sessions: 1 });
});
