import { expect } from "vitest";
import { type Db, expectDenied, operator, service, test, user } from "../../../helpers/db.ts";
import { createStaff, createUser } from "../../../helpers/db-fixtures.ts";
import { auditOf } from "../../../helpers/db-operators.ts";

/** An account that has confirmed its address. */
async function confirmed(db: Db): Promise<string> {
  const id = await createUser(db);
  await db.sql`update auth.users set email_confirmed_at = now() where id = ${id}`;
  return id;
}

const grant = async (db: Db, id: string, role = "admin", force = false) => {
  const outcome: { changed?: boolean } = {};
  await db.sql.savepoint(async (sql) => {
    const [row] = await sql`
      select private.grant_role_as_owner(${`${id}@EXAMPLE.com`}, ${role}::text::public.staff_role, ${force}) as changed`;
    outcome.changed = row?.changed;
  });
  return outcome.changed;
};

const roles = async (db: Db, id: string) =>
  (await db.sql`select role from private.user_roles where user_id = ${id}`).map(({ role }) => role);

test("the first administrator comes from the owner of the database, and the audit says so", async ({
  db,
}) => {
  const id = await confirmed(db);
  expect(await grant(db, id)).toBe(true);
  expect(await roles(db, id)).toEqual(["admin"]);
  expect(await auditOf(db, `user:${id}`)).toMatchObject([
    { actor_kind: "system", actor_id: "database owner", action: "user.roles_changed" },
  ]);
  const [{ details = "" } = {}] = await auditOf(db, `user:${id}`);
  expect(JSON.parse(details)).toEqual({
    before: [],
    after: ["admin"],
    login: "postgres",
    forced: false,
  });
});

test("once there is an administrator it takes force, and that is audited too", async ({ db }) => {
  await createStaff(db, "admin");
  const id = await confirmed(db);
  for (const role of ["admin", "support"]) {
    await expect(grant(db, id, role)).rejects.toMatchObject({ code: "NF010" });
  }
  expect(await roles(db, id)).toEqual([]);
  expect(await grant(db, id, "admin", true)).toBe(true);
  expect(await grant(db, id, "admin", true)).toBe(false);
  const entries = await auditOf(db, `user:${id}`);
  expect(entries).toHaveLength(1);
  expect(JSON.parse(entries[0]?.details ?? "{}")).toMatchObject({ forced: true });
});

test("an account that nobody has proved to own, or that is blocked, gets nothing", async ({
  db,
}) => {
  const [unproved, blocked] = [await createUser(db), await confirmed(db)];
  await db.sql`update public.profiles set suspended_at = now() where user_id = ${blocked}`;
  for (const id of [unproved, blocked]) {
    await expect(grant(db, id, "admin", true)).rejects.toMatchObject({ code: "NF043" });
    expect(await roles(db, id)).toEqual([]);
  }
  await expect(grant(db, "nobody")).rejects.toMatchObject({ code: "NF020" });
});

test("no role of the API can call it", async ({ db }) => {
  const admin = await createStaff(db, "admin");
  for (const as of [user(admin), operator(admin), service]) {
    await expectDenied(db, "42501", {
      as,
      does: (sql) => sql`select private.grant_role_as_owner('a@example.com', 'admin', true)`,
      keeps: (sql) => sql`select * from private.user_roles order by 1, 2`,
    });
  }
});
