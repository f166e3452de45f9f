import { expect } from "vitest";
import { type Db, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createDraft, createPerson, createUser } from "../../../helpers/db-fixtures.ts";

const list = (db: Db, id: string, isNewestFirst = true, after: string | null = null, limit = 10) =>
  db.as(
    user(id),
    (sql) =>
      sql<{ position: string; item: { status: string; previous_id: string | null } }[]>`
      select * from private.kyc_list_verifications(${isNewestFirst}, ${after}, ${limit})`,
  );

async function threeOf(db: Db, id: string): Promise<string[]> {
  const ids: string[] = [];
  for (let count = 0; count < 3; count += 1) {
    const draft = await createDraft(db, id);
    await db.as(user(id), (sql) => sql`select private.kyc_cancel_verification(${draft})`);
    ids.push(draft);
  }
  return ids;
}

test("the own ones, in either direction, page by page", async ({ db }) => {
  const id = await createPerson(db);
  const ids = await threeOf(db, id);
  await threeOf(db, await createPerson(db));
  const positions = async (...args: [boolean, (string | null)?, number?]) =>
    (await list(db, id, ...args)).map(({ position }) => position);
  expect(await positions(true)).toEqual([...ids].reverse());
  expect(await positions(false)).toEqual(ids);
  expect(await positions(true, ids[2], 1)).toEqual([ids[1]]);
  expect(await positions(false, ids[1], 5)).toEqual([ids[2]]);
  const [newest] = await list(db, id);
  expect(newest?.item).toMatchObject({ status: "cancelled", previous_id: ids[1] });
});

test("nothing for somebody who has not begun, no access without an account", async ({ db }) => {
  const id = await createUser(db);
  expect([...(await list(db, id))]).toEqual([]);
  const keeps = (sql: Db["sql"]) => sql`select * from public.kyc_verifications`;
  const does = (sql: Db["sql"]) =>
    sql`select * from private.kyc_list_verifications(true, null, 10)`;
  await expectDenied(db, "42501", { as: service, does, keeps });
  await db.sql`update public.profiles set is_soft_deleted = true where user_id = ${id}`;
  await expectDenied(db, "NF012", { as: user(id), does, keeps });
});
