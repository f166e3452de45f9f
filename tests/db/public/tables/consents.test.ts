import { expect } from "vitest";
import { anon, expectDenied, migrator, service, test, user } from "../../../helpers/db.ts";
import { createPerson, createUser } from "../../../helpers/db-fixtures.ts";

test("a person can read the own consents and no others", async ({ db }) => {
  const [owner, other] = [await createPerson(db), await createUser(db)];
  const own = await db.as(user(owner), (sql) => sql`select document from public.consents`);
  expect(own).toHaveLength(3);
  const foreign = await db.as(user(other), (sql) => sql`select document from public.consents`);
  expect(foreign).toHaveLength(0);
});

test("nobody writes a consent past the function", async ({ db }) => {
  const id = await createUser(db);
  for (const as of [anon, user(id), service]) {
    await expectDenied(db, "42501", {
      as,
      does: (sql) =>
        sql`insert into public.consents (user_id, document, version) values (${id}, 'terms', '1')`,
      keeps: (sql) => sql`select * from public.consents where user_id = ${id}`,
    });
  }
});

test("a consent is never changed or removed, not even by the owner of the table", async ({
  db,
}) => {
  const id = await createPerson(db);
  const keeps = (sql: typeof db.sql) => sql`select * from public.consents where user_id = ${id}`;
  for (const does of [
    (sql: typeof db.sql) => sql`update public.consents set version = 'x' where user_id = ${id}`,
    (sql: typeof db.sql) => sql`delete from public.consents where user_id = ${id}`,
    (sql: typeof db.sql) => sql`truncate public.consents`,
  ]) {
    await expectDenied(db, "NF010", { as: migrator, does, keeps });
  }
});
