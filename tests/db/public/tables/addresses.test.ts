import { expect } from "vitest";
import { anon, expectDenied, test, user } from "../../../helpers/db.ts";
import { createPerson, createUser } from "../../../helpers/db-fixtures.ts";

test("a person can read and change the own address, which counts in the profile", async ({
  db,
}) => {
  const id = await createPerson(db);
  const [before] = await db.sql<
    { version: number }[]
  >`select version from public.profiles where user_id = ${id}`;
  await db.as(user(id), async (sql) => {
    await sql`update public.addresses set city = 'Bonn' where user_id = ${id}`;
    const rows = await sql`select city, version from public.addresses`;
    expect([...rows]).toEqual([{ city: "Bonn", version: 2 }]);
  });
  const [after] = await db.sql<
    { version: number }[]
  >`select version from public.profiles where user_id = ${id}`;
  expect(after?.version).toBe((before?.version ?? 0) + 1);
});

test("a person cannot see or change another address", async ({ db }) => {
  const [owner, other] = [await createPerson(db), await createPerson(db)];
  await db.as(user(other), async (sql) => {
    expect(await sql`select from public.addresses where user_id = ${owner}`).toHaveLength(0);
    const changed =
      await sql`update public.addresses set city = 'X' where user_id = ${owner} returning city`;
    expect(changed).toHaveLength(0);
  });
  const [kept] = await db.sql`select city from public.addresses where user_id = ${owner}`;
  expect(kept).toEqual({ city: "Berlin" });
});

test.for([
  "user_id",
  "address_id",
  "is_soft_deleted",
  "is_permanently_deleted",
  "version",
  "created_at",
])("a person cannot write %s of the own address", async (column, { db }) => {
  const id = await createPerson(db);
  await expectDenied(db, "42501", {
    as: user(id),
    does: (sql) =>
      sql`update public.addresses set ${sql(column)} = ${sql(column)} where user_id = ${id}`,
    keeps: (sql) => sql`select * from public.addresses where user_id = ${id}`,
  });
});

test("nobody inserts an address directly, and anonymous callers read none", async ({ db }) => {
  const id = await createUser(db);
  const keeps = (sql: typeof db.sql) => sql`select * from public.addresses where user_id = ${id}`;
  await expectDenied(db, "42501", {
    as: user(id),
    does: (
      sql,
    ) => sql`insert into public.addresses (user_id, address_name, street_address_1, city, state_region, postal_code, country)
      values (${id}, 'a', 'b', 'c', 'd', '1', 'DE')`,
    keeps,
  });
  await expectDenied(db, "42501", {
    as: anon,
    does: (sql) => sql`select city from public.addresses`,
    keeps,
  });
});

test("a person has one address at most", async ({ db }) => {
  const id = await createPerson(db);
  await expectDenied(db, "23505", {
    as: { role: "postgres" },
    does: (
      sql,
    ) => sql`insert into public.addresses (user_id, address_name, street_address_1, city, state_region, postal_code, country)
      values (${id}, 'a', 'b', 'c', 'd', '1', 'DE')`,
    keeps: (sql) => sql`select * from public.addresses where user_id = ${id}`,
  });
});

test.for([
  ["country", "de"],
  ["country", "DEU"],
  ["postal_code", "-1"],
  ["city", "a\nb"],
  ["street_address_1", ""],
])("%s cannot be %j", async ([column, value], { db }) => {
  const id = await createPerson(db);
  await expectDenied(db, "23514", {
    as: user(id),
    does: (sql) =>
      sql`update public.addresses set ${sql({ [column ?? ""]: value })} where user_id = ${id}`,
    keeps: (sql) => sql`select * from public.addresses where user_id = ${id}`,
  });
});
