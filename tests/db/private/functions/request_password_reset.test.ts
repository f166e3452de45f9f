import { expect } from "vitest";
import { type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createStaff, createUser } from "../../../helpers/db-fixtures.ts";
import { auditOf } from "../../../helpers/db-operators.ts";

const ask = (sql: Db["sql"], id: string) =>
  sql`select private.request_password_reset(${id}) as answer`;

const later = (db: Db, by: string) =>
  db.as(service, (sql) => sql`select private.shift_clock(${by}::text::interval)`);

const wishes = (id: string) => (sql: Db["sql"]) =>
  sql`
  select (select jsonb_agg(to_jsonb(r)) from private.password_resets as r where r.user_id = ${id}) as counted,
    (select jsonb_agg(to_jsonb(t)) from private.account_tasks as t where t.user_id = ${id}) as tasks,
    (select count(*) from private.audit_log where stream = ${`user:${id}`}) as entries`;

const refused = (db: Db, code: string, actor: string, id: string) =>
  expectDenied(db, code, { as: user(actor), does: (sql) => ask(sql, id), keeps: wishes(id) });

const claim = (db: Db, id: string) =>
  db.as(
    service,
    (sql) => sql`
      select task, email, is_wanted, generation from private.claim_account_tasks(1000) where user_id = ${id}`,
  );

test.for(["support", "admin"])("%s queues one e-mail and an entry", async (role, { db }) => {
  const [staff, id] = [await createStaff(db, role), await createUser(db)];
  const [row] = await db.as(user(staff), (sql) => ask(sql, id));
  expect(row?.answer).toEqual({
    user_id: id,
    requested_at: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
  });
  expect([...(await claim(db, id))]).toEqual([
    { task: "recovery", email: `${id}@example.com`, is_wanted: true, generation: 1 },
  ]);
  expect((await auditOf(db, `user:${id}`)).at(-1)).toMatchObject({
    action: "user.password_reset_requested",
    actor_id: staff,
    details: "{}",
  });
});

test("once in 60 seconds and five times in a day; the answer says when again", async ({ db }) => {
  const [staff, id] = [await createStaff(db, "support"), await createUser(db)];
  const times: string[] = [];
  for (let count = 0; count < 5; count += 1) {
    const [row] = await db.as(user(staff), (sql) => ask(sql, id));
    times.push(row?.answer.requested_at);
    await refused(db, "NF071", staff, id);
    await later(db, "61 seconds");
  }
  const error = await db.as(user(staff), (sql) => ask(sql, id)).catch((reason) => reason);
  expect(error).toMatchObject({ code: "NF071" });
  expect(Date.parse(error.detail) - Date.parse(times[0] ?? "")).toBe(24 * 3_600_000);
  // Somebody else is not held up by that.
  const other = await createUser(db);
  await db.as(user(staff), (sql) => ask(sql, other));
  await later(db, "24 hours");
  await db.as(user(staff), (sql) => ask(sql, id));
  const [kept] = await db.sql`
    select count(*)::int as count from private.password_resets where user_id = ${id}`;
  expect(kept?.count).toBe(1);
});

test("who is suspended meanwhile gets none, and a sent one is done", async ({ db }) => {
  const [staff, id] = [await createStaff(db, "admin"), await createUser(db)];
  await db.as(user(staff), (sql) => ask(sql, id));
  await db.sql`update public.profiles set suspended_at = now() where user_id = ${id}`;
  expect(await claim(db, id)).toContainEqual(
    expect.objectContaining({ task: "recovery", is_wanted: false }),
  );
  await db.as(service, (sql) => sql`select private.finish_account_task(${id}, 'recovery', 1)`);
  const tasks = await db.sql`select task from private.account_tasks where user_id = ${id}`;
  expect([...tasks]).toEqual([{ task: "access" }]);
});

test("an e-mail that Auth never sends is given up, and the audit says so", async ({ db }) => {
  const [staff, id] = [await createStaff(db, "admin"), await createUser(db)];
  await db.as(user(staff), (sql) => ask(sql, id));
  for (let tries = 1; tries <= 9; tries += 1) {
    await later(db, "5 hours");
    expect(await claim(db, id)).toHaveLength(1);
    const [row] = await db.as(
      service,
      (sql) => sql`select private.fail_account_task(${id}, 'recovery', 1, 'away') as again`,
    );
    expect(row?.again).toBe(tries < 9);
  }
  expect((await auditOf(db, `user:${id}`)).at(-1)).toMatchObject({
    action: "user.password_reset_failed",
    actor_kind: "system",
  });
});

test.for(["reviewer", "approver", "compliance_admin", "auditor"])(
  "not by %s",
  async (role, { db }) => {
    await refused(db, "NF010", await createStaff(db, role), await createUser(db));
  },
);

test("staff only by an administrator; only active accounts that exist", async ({ db }) => {
  const [staff, admin, member] = [
    await createStaff(db, "support"),
    await createStaff(db, "admin"),
    await createStaff(db, "auditor"),
  ];
  await refused(db, "NF010", staff, member);
  await db.as(user(admin), (sql) => ask(sql, member));
  await refused(db, "NF020", admin, crypto.randomUUID());
  for (const column of ["suspended_at = now()", "is_soft_deleted = true"]) {
    const id = await createUser(db);
    await db.sql.unsafe(`update public.profiles set ${column} where user_id = $1`, [id]);
    await refused(db, "NF043", admin, id);
  }
});
