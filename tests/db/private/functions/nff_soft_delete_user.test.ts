import { randomUUID } from "node:crypto";
import { describe, expect } from "vitest";
import {
  type Caller,
  type Db,
  expectDenied,
  machine,
  operator,
  test,
  user,
} from "../../../helpers/db.ts";
import { createPersonAs } from "../../../helpers/db-accounts.ts";
import { createStaff, createUser } from "../../../helpers/db-fixtures.ts";
import {
  auditOf,
  createKey,
  createOperator,
  createSession,
  makeOnlyAdmin,
  nffUser,
} from "../../../helpers/db-operators.ts";

type Act = "soft_delete" | "permanently_delete" | "reactivate";

const act = async (db: Db, as: Caller, what: Act, id: string) => {
  const [row] = await db.as(
    as,
    (sql) => sql<{ answer: { user_id: string; version: number } }[]>`
      select ${sql(`private.nff_${what}_user`)}(${id}) as answer`,
  );
  if (!row) throw new Error("No answer.");
  return row.answer;
};

const state = (db: Db, id: string) => db.sql`
  select p.is_soft_deleted, p.is_permanently_deleted, a.is_soft_deleted as address_soft,
    a.is_permanently_deleted as address_permanently, p.version,
    (select count(*)::int from auth.sessions as s where s.user_id = p.user_id) as sessions,
    (select count(*)::int from private.account_tasks as t where t.user_id = p.user_id and t.task = 'access') as bans
  from public.profiles as p left join public.addresses as a using (user_id) where p.user_id = ${id}`;

const flags = (soft: boolean, permanently: boolean) => ({
  is_soft_deleted: soft,
  is_permanently_deleted: permanently,
  address_soft: soft,
  address_permanently: permanently,
});

async function arrange(db: Db) {
  const admin = await createOperator(db);
  const id = await createPersonAs(db, admin, nffUser());
  await createSession(db, id);
  return { admin, id };
}

describe("soft deletion", () => {
  test("hides person and address, ends the sessions, asks for the ban, and says so", async ({
    db,
  }) => {
    const { admin, id } = await arrange(db);
    const answer = await act(db, admin, "soft_delete", id);
    expect(await state(db, id)).toMatchObject([
      { ...flags(true, false), sessions: 0, bans: 1, version: answer.version },
    ]);
    expect((await auditOf(db, `user:${id}`)).at(-1)).toMatchObject({ action: "user.soft_deleted" });

    const own = await db.as(user(id), async (sql) => [
      (await sql`select from public.profiles`).count,
      (await sql`select from public.addresses`).count,
      (await sql`update public.profiles set first_name = 'Eve'`).count,
    ]);
    expect(own).toEqual([0, 0, 0]);
  });

  test("done twice it is done once", async ({ db }) => {
    const { admin, id } = await arrange(db);
    const first = await act(db, admin, "soft_delete", id);
    const entries = (await auditOf(db, `user:${id}`)).length;
    expect(await act(db, admin, "soft_delete", id)).toEqual(first);
    expect(await auditOf(db, `user:${id}`)).toHaveLength(entries);
  });

  test("a reactivated person is as before, and the ban is taken back", async ({ db }) => {
    const { admin, id } = await arrange(db);
    await act(db, admin, "soft_delete", id);
    await act(db, admin, "reactivate", id);
    expect(await state(db, id)).toMatchObject([{ ...flags(false, false), bans: 1 }]);
    expect((await auditOf(db, `user:${id}`)).at(-1)).toMatchObject({ action: "user.reactivated" });
  });
});

describe("permanent deletion", () => {
  test("flags person and address; the rows stay", async ({ db }) => {
    const { admin, id } = await arrange(db);
    await act(db, admin, "permanently_delete", id);
    expect(await state(db, id)).toMatchObject([{ ...flags(true, true), sessions: 0, bans: 1 }]);
    expect((await auditOf(db, `user:${id}`)).at(-1)).toMatchObject({
      action: "user.permanently_deleted",
    });
  });

  test("is final: nothing but itself is possible afterwards", async ({ db }) => {
    const { admin, id } = await arrange(db);
    const first = await act(db, admin, "permanently_delete", id);
    expect(await act(db, admin, "permanently_delete", id)).toEqual(first);
    for (const what of ["soft_delete", "reactivate"] as const) {
      await expectDenied(db, "NF043", {
        as: admin,
        does: (sql) => sql`select ${sql(`private.nff_${what}_user`)}(${id})`,
        keeps: () => state(db, id),
      });
    }
  });
});

test("who is not deleted cannot be reactivated, who is unknown is not found", async ({ db }) => {
  const { admin, id } = await arrange(db);
  await expectDenied(db, "NF043", {
    as: admin,
    does: (sql) => sql`select private.nff_reactivate_user(${id})`,
    keeps: () => state(db, id),
  });
  for (const what of ["soft_delete", "permanently_delete", "reactivate"] as const) {
    await expectDenied(db, "NF020", {
      as: admin,
      does: (sql) => sql`select ${sql(`private.nff_${what}_user`)}(${randomUUID()})`,
      keeps: (sql) => sql`select user_id from public.profiles order by 1`,
    });
  }
});

test("the last administrator cannot be deleted, one of two can", async ({ db }) => {
  const [one, two] = [await createStaff(db, "admin"), await createStaff(db, "admin")];
  await act(db, operator(one), "soft_delete", two);
  await makeOnlyAdmin(db, one);
  for (const what of ["soft_delete", "permanently_delete"] as const) {
    await expectDenied(db, "NF040", {
      as: operator(one),
      does: (sql) => sql`select ${sql(`private.nff_${what}_user`)}(${one})`,
      keeps: () => state(db, one),
    });
  }
  await expect(
    db.sql.savepoint(
      (sql) => sql`update public.profiles set suspended_at = now() where user_id = ${one}`,
    ),
  ).rejects.toMatchObject({ code: "NF040" });
});

test("machine keys delete customers only, and people without the right nobody", async ({ db }) => {
  const [customer, other, staff] = [
    await createUser(db),
    await createUser(db),
    await createStaff(db, "reviewer"),
  ];
  const writer = machine((await createKey(db, { scopes: ["users:write"] })).keyId);
  await act(db, writer, "soft_delete", customer);
  expect(await state(db, customer)).toMatchObject([{ is_soft_deleted: true }]);
  const refused = [
    [writer, "NF010", staff],
    [machine((await createKey(db, { scopes: ["users:read"] })).keyId), "NF016", other],
    [operator(other), "NF010", other],
    [operator(await createStaff(db, "compliance_admin")), "NF010", other],
  ] as const;
  for (const [as, code, id] of refused) {
    await expectDenied(db, code, {
      as,
      does: (sql) => sql`select private.nff_soft_delete_user(${id})`,
      keeps: () => state(db, id),
    });
  }
});
