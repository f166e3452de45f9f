import { expect } from "vitest";
import { anon, type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createPerson, createStaff } from "../../../helpers/db-fixtures.ts";

interface Row {
  readonly item: {
    readonly hold_id: string;
    readonly user_id: string;
    readonly reason_code: string;
  };
  readonly position: string;
}

const list =
  (userId: string | null, isActive: boolean | null, limit = 10, before: string | null = null) =>
  (sql: Db["sql"]) =>
    sql<Row[]>`select item, position
      from private.list_legal_holds(${userId}, ${isActive}, ${limit}, ${before})`;

test("staff lists holds, newest first, by person and by whether they hold", async ({ db }) => {
  const staff = await createStaff(db, "compliance_admin");
  const [anna, ben] = [await createPerson(db), await createPerson(db)];
  await db.as(user(staff), async (sql) => {
    await sql`select private.place_legal_hold(${anna}, 'litigation')`;
    await sql`select private.place_legal_hold(${anna}, 'dispute')`;
    await sql`select private.place_legal_hold(${ben}, 'dispute')`;
  });
  const all = await db.as(user(staff), list(null, null));
  expect(all.map(({ item }) => [item.user_id, item.reason_code])).toEqual([
    [ben, "dispute"],
    [anna, "dispute"],
    [anna, "litigation"],
  ]);
  const [first] = await db.as(user(staff), list(null, null, 1));
  const rest = await db.as(user(staff), list(null, null, 10, first?.position ?? null));
  expect(rest).toEqual(all.slice(1));
  await db.as(
    user(staff),
    (sql) => sql`select private.release_legal_hold(${first?.item.hold_id ?? ""})`,
  );
  expect(await db.as(user(staff), list(null, false))).toHaveLength(1);
  expect(await db.as(user(staff), list(ben, true))).toHaveLength(0);
});

test("compliance administrators, auditors and administrators may look, nobody else", async ({
  db,
}) => {
  const keeps = (sql: Db["sql"]) => sql`select * from private.legal_holds`;
  for (const role of ["compliance_admin", "auditor", "admin"]) {
    expect(await db.as(user(await createStaff(db, role)), list(null, null))).toEqual([]);
  }
  for (const role of ["support", "reviewer", "approver"]) {
    await expectDenied(db, "NF010", {
      as: user(await createStaff(db, role)),
      does: list(null, null),
      keeps,
    });
  }
  await expectDenied(db, "NF010", {
    as: user(await createPerson(db)),
    does: list(null, null),
    keeps,
  });
  for (const as of [anon, service]) {
    await expectDenied(db, "42501", { as, does: list(null, null), keeps });
  }
});
