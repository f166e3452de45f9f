import { expect } from "vitest";
import { anon, type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createPerson, createStaff } from "../../../helpers/db-fixtures.ts";
import { actionsOf, the } from "../../../helpers/db-privacy.ts";

const release = (holdId: string) => (sql: Db["sql"]) =>
  sql<{ hold: object }[]>`select private.release_legal_hold(${holdId}) as hold`;
const keeps = (sql: Db["sql"]) => sql`select * from private.legal_holds order by hold_id`;

async function createHold(db: Db, staff: string, userId: string): Promise<string> {
  const rows = await db.as(
    user(staff),
    (sql) => sql<{ id: string }[]>`
      select private.place_legal_hold(${userId}, 'dispute') ->> 'hold_id' as id`,
  );
  return the(rows).id;
}

test("a hold is released once; releasing it again answers the same", async ({ db }) => {
  const staff = await createStaff(db, "compliance_admin");
  const id = await createPerson(db);
  const holdId = await createHold(db, staff, id);
  const [first] = await db.as(user(staff), release(holdId));
  expect(first?.hold).toMatchObject({ released_by: staff, released_at: expect.any(String) });
  const [second] = await db.as(user(staff), release(holdId));
  expect(second?.hold).toEqual(first?.hold);
  expect((await actionsOf(db, id)).slice(-2)).toEqual([
    "user.legal_hold_placed",
    "user.legal_hold_released",
  ]);
});

test("only compliance administrators release holds, and only those there are", async ({ db }) => {
  const staff = await createStaff(db, "compliance_admin");
  const holdId = await createHold(db, staff, await createPerson(db));
  for (const role of ["support", "reviewer", "approver", "auditor", "admin"]) {
    await expectDenied(db, "NF010", {
      as: user(await createStaff(db, role)),
      does: release(holdId),
      keeps,
    });
  }
  for (const as of [anon, service]) {
    await expectDenied(db, "42501", { as, does: release(holdId), keeps });
  }
  const unknown = "019a9f3e-7c2b-7d41-8a6f-0c5d2e1b4a90";
  await expectDenied(db, "NF020", { as: user(staff), does: release(unknown), keeps });
});

test("[PRIV-05] nobody places, sees or ends a hold on themselves, as whatever account", async ({
  db,
}) => {
  const staff = await createStaff(db, "compliance_admin");
  const [own, twin] = [await createPerson(db), await createPerson(db)];
  await db.sql`insert into private.user_roles (user_id, role)
    values (${own}, 'compliance_admin'), (${twin}, 'compliance_admin')`;
  const holdId = await createHold(db, staff, own);
  for (const id of [own, twin]) {
    const as = user(id);
    await expectDenied(db, "NF010", { as, does: release(holdId), keeps });
    await expectDenied(db, "NF010", {
      as,
      does: (sql) => sql`select private.place_legal_hold(${own}, 'dispute')`,
      keeps,
    });
    const seen = await db.as(
      as,
      (sql) => sql`select from private.list_legal_holds(${own}, null, 10)`,
    );
    expect(seen).toHaveLength(0);
  }
});
