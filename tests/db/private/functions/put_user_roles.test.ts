import { randomUUID } from "node:crypto";
import { describe, expect } from "vitest";
import { type Db, expectDenied, operator, service, test, user } from "../../../helpers/db.ts";
import { createStaff, createUser } from "../../../helpers/db-fixtures.ts";
import { auditOf, makeOnlyAdmin } from "../../../helpers/db-operators.ts";

interface Result {
  result: string;
  user_id: string;
  roles: string[];
  version: number;
  pending_role_change: { approval_id: string; roles: string[]; requested_by: string } | null;
}

interface Change {
  readonly roles: readonly string[];
  readonly approval?: string;
  readonly version?: number;
}

const call = (sql: Db["sql"], id: string, { roles, approval, version }: Change) =>
  sql<{ answer: Result }[]>`
    select private.put_user_roles(${id}, ${sql.json(roles)}, ${approval ?? null}, ${version ?? null}) as answer`;

async function put(db: Db, actor: string, id: string, change: Change): Promise<Result> {
  const [row] = await db.as(user(actor), (sql) => call(sql, id, change));
  if (!row) throw new Error("No answer.");
  return row.answer;
}

const rolesOf = (id: string) => (sql: Db["sql"]) =>
  sql`
  select role, granted_by from private.user_roles where user_id = ${id} order by role`;

const refused = (db: Db, code: string, actor: string, id: string, change: Change) =>
  expectDenied(db, code, {
    as: user(actor),
    does: (sql) => call(sql, id, change),
    keeps: rolesOf(id),
  });

describe("what an administrator gives and takes alone", () => {
  test("the set is replaced, the version counts, the audit tells both sets", async ({ db }) => {
    const [admin, id] = [await createStaff(db, "admin"), await createStaff(db, "support")];
    const answer = await put(db, admin, id, { roles: ["reviewer", "approver"], version: 1 });
    expect(answer).toEqual({
      result: "applied",
      user_id: id,
      roles: ["reviewer", "approver"],
      version: 2,
      pending_role_change: null,
    });
    expect(await rolesOf(id)(db.sql)).toEqual([
      { role: "reviewer", granted_by: admin },
      { role: "approver", granted_by: admin },
    ]);
    expect((await auditOf(db, `user:${id}`)).at(-1)).toMatchObject({
      action: "user.roles_changed",
      actor_id: admin,
      details: '{"after": ["reviewer", "approver"], "before": ["support"]}',
    });
  });

  test("a change counts at once", async ({ db }) => {
    const [admin, id] = [await createStaff(db, "admin"), await createUser(db)];
    const may = async () => {
      const [row] = await db.as(user(id), (sql) => sql`select private.has_role('reviewer') as may`);
      return row?.may;
    };
    expect(await may()).toBe(false);
    await put(db, admin, id, { roles: ["reviewer"] });
    expect(await may()).toBe(true);
    await put(db, admin, id, { roles: [] });
    expect(await may()).toBe(false);
  });

  test("who granted a role that stays is not forgotten", async ({ db }) => {
    const [one, two, id] = [
      await createStaff(db, "admin"),
      await createStaff(db, "admin"),
      await createUser(db),
    ];
    await put(db, one, id, { roles: ["support"] });
    await put(db, two, id, { roles: ["support", "auditor"] });
    expect(await rolesOf(id)(db.sql)).toEqual([
      { role: "support", granted_by: one },
      { role: "auditor", granted_by: two },
    ]);
  });
});

describe("[ROLE-01] rules", () => {
  test("nobody changes their own roles", async ({ db }) => {
    const admin = await createStaff(db, "admin");
    for (const roles of [[], ["admin"], ["admin", "reviewer"]]) {
      await refused(db, "NF015", admin, admin, { roles });
    }
  });

  test("nobody gives or takes a role above their own", async ({ db }) => {
    const officer = await createStaff(db, "compliance_admin");
    const [id, admin] = [await createUser(db), await createStaff(db, "admin", "support")];
    await createStaff(db, "admin");
    await refused(db, "NF014", officer, id, { roles: ["admin"] });
    await refused(db, "NF014", officer, admin, { roles: ["support"] });
    expect(await put(db, officer, id, { roles: ["approver"] })).toMatchObject({
      result: "applied",
    });
    expect(await put(db, officer, admin, { roles: ["admin"] })).toMatchObject({
      roles: ["admin"],
    });
  });

  test("the last administrator stays one", async ({ db }) => {
    const [last, other] = [await createStaff(db, "admin"), await createStaff(db, "admin")];
    await makeOnlyAdmin(db, last);
    // Only a race lets an administrator act who is none any more; the guard is in the table.
    await expect(
      db.sql.savepoint((sql) => sql`delete from private.user_roles where user_id = ${last}`),
    ).rejects.toMatchObject({ code: "NF040" });
    await expect(
      db.sql.savepoint(
        (sql) => sql`update private.user_roles set role = 'support' where user_id = ${last}`,
      ),
    ).rejects.toMatchObject({ code: "NF040" });
    await expect(
      db.sql.savepoint((sql) => sql`delete from auth.users where id = ${last}`),
    ).rejects.toMatchObject({ code: "NF040" });
    await db.sql`insert into private.user_roles (user_id, role) values (${other}, 'admin')`;
    expect(await put(db, other, last, { roles: [] })).toMatchObject({ result: "applied" });
  });

  test("an administrator who cannot sign in does not count as one", async ({ db }) => {
    const [one, two] = [await createStaff(db, "admin"), await createStaff(db, "admin")];
    await makeOnlyAdmin(db, one);
    await db.sql`insert into private.user_roles (user_id, role) values (${two}, 'admin')`;
    await db.sql`update public.profiles set suspended_at = now() where user_id = ${two}`;
    await expect(
      db.sql.savepoint((sql) => sql`delete from private.user_roles where user_id = ${one}`),
    ).rejects.toMatchObject({ code: "NF040" });
  });

  test("another version, an unknown person, an account that is not active", async ({ db }) => {
    const [admin, id] = [await createStaff(db, "admin"), await createStaff(db, "support")];
    await refused(db, "NF050", admin, id, { roles: [], version: 9 });
    await refused(db, "NF020", admin, randomUUID(), { roles: [] });
    await db.sql`update public.profiles set suspended_at = now() where user_id = ${id}`;
    await refused(db, "NF043", admin, id, { roles: ["reviewer"] });
    expect(await put(db, admin, id, { roles: [] })).toMatchObject({ roles: [] });
  });

  test("only administrators, and those who may give lower roles, come here at all", async ({
    db,
  }) => {
    const id = await createUser(db);
    for (const role of ["support", "reviewer", "approver", "auditor"]) {
      await refused(db, "NF010", await createStaff(db, role), id, { roles: ["support"] });
    }
    await refused(db, "NF010", id, id, { roles: ["support"] });
    for (const as of [service, operator(await createStaff(db, "admin"))]) {
      await expectDenied(db, "42501", {
        as,
        does: (sql) => call(sql, id, { roles: ["support"] }),
        keeps: rolesOf(id),
      });
    }
  });
});

describe.for(["admin", "compliance_admin"])("giving %s takes two", (role) => {
  async function arrange(db: Db) {
    const [one, two, id] = [
      await createStaff(db, "admin"),
      await createStaff(db, "admin"),
      await createStaff(db, "support"),
    ];
    const asked = await put(db, one, id, { roles: [role, "support"] });
    const approval = asked.pending_role_change?.approval_id ?? "";
    return { one, two, id, asked, approval };
  }

  test("the first one asks, the second one confirms", async ({ db }) => {
    const { one, two, id, asked, approval } = await arrange(db);
    expect(asked).toMatchObject({
      result: "pending_second_approval",
      roles: ["support"],
      version: 1,
      pending_role_change: { requested_by: one },
    });
    const answer = await put(db, two, id, { roles: ["support", role], approval });
    expect(answer).toMatchObject({ result: "applied", pending_role_change: null });
    expect(new Set(answer.roles)).toEqual(new Set(["support", role]));
    expect(
      (await auditOf(db, `user:${id}`)).map(({ action, actor_id }) => [action, actor_id]),
    ).toEqual([
      ["user.roles_requested", one],
      ["user.roles_changed", two],
    ]);
    expect(await rolesOf(id)(db.sql)).toContainEqual({ role, granted_by: one });
  });

  test("[EYES-16] the first one cannot confirm, also not under another account", async ({ db }) => {
    const { one, two, id, approval } = await arrange(db);
    await refused(db, "NF013", one, id, { roles: [role, "support"], approval });
    await db.sql`update auth.users set email = case id when ${one}::uuid then 'mia@example.org' else 'mia+2@example.org' end
      where id in (${one}, ${two})`;
    await refused(db, "NF013", two, id, { roles: [role, "support"], approval });
  });

  test("[EYES-16] nobody confirms a role for another account of the own", async ({ db }) => {
    const { two, id, approval } = await arrange(db);
    await db.sql`update auth.users set email = case id when ${id}::uuid then 'mia@example.org' else 'mia+2@example.org' end
      where id in (${id}, ${two})`;
    await refused(db, "NF015", two, id, { roles: [role, "support"], approval });
  });

  test("[EYES-16] a request is about the roles that the person had", async ({ db }) => {
    const { two, id, approval } = await arrange(db);
    await db.sql`delete from private.user_roles where user_id = ${id}`;
    await refused(db, "NF039", two, id, { roles: [role, "support"], approval });
  });

  test("[EYES-16] it lapses after a day, and the audit says so", async ({ db }) => {
    const { one, id, approval } = await arrange(db);
    await db.as(service, (sql) => sql`select private.shift_clock('24 hours')`);
    await db.as(service, (sql) => sql`select private.run_schedules(100, true)`);
    const waiting = await db.sql`select from private.role_change_requests where user_id = ${id}`;
    expect(waiting).toHaveLength(0);
    const last = (await auditOf(db, `user:${id}`)).at(-1);
    expect(last).toMatchObject({ action: "user.roles_request_lapsed" });
    expect(JSON.parse(last?.details ?? "")).toMatchObject({
      approval_id: approval,
      requested_by: one,
    });
  });

  test("a request counts for its roles, its person and a day", async ({ db }) => {
    const { two, id, approval } = await arrange(db);
    const other = await createUser(db);
    await refused(db, "NF039", two, id, { roles: [role], approval });
    await refused(db, "NF039", two, other, { roles: [role, "support"], approval });
    await refused(db, "NF039", two, id, { roles: [role, "support"], approval: randomUUID() });
    await db.as(service, (sql) => sql`select private.shift_clock('24 hours')`);
    await refused(db, "NF039", two, id, { roles: [role, "support"], approval });
  });

  test("a newer request, or another change, replaces it", async ({ db }) => {
    const { one, two, id, approval } = await arrange(db);
    const newer = await put(db, one, id, { roles: [role, "support"] });
    await refused(db, "NF039", two, id, { roles: [role, "support"], approval });
    const withdrawn = await put(db, two, id, { roles: ["support"] });
    expect(withdrawn).toMatchObject({ result: "applied", pending_role_change: null, version: 1 });
    const actions = (await auditOf(db, `user:${id}`)).map(({ action }) => action);
    expect(actions).toEqual([
      "user.roles_requested",
      "user.roles_request_replaced",
      "user.roles_requested",
      "user.roles_request_replaced",
    ]);
    await refused(db, "NF039", two, id, {
      roles: [role, "support"],
      approval: newer.pending_role_change?.approval_id ?? "",
    });
  });

  test("[EYES-16] an author who lost the right meanwhile has asked for nothing", async ({ db }) => {
    const { one, two, id, approval } = await arrange(db);
    await put(db, two, one, { roles: ["support"] });
    await refused(db, "NF039", two, id, { roles: [role, "support"], approval });
  });
});
