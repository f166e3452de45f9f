import { expect } from "vitest";
import { anon, expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createPerson, createUser } from "../../../helpers/db-fixtures.ts";

test("an account brings its profile, with the names that are valid", async ({ db }) => {
  const id = await createUser(db, { first_name: " Anna ", last_name: "Schmidt\u202e" });
  const [profile] =
    await db.sql`select first_name, last_name, email from public.profiles where user_id = ${id}`;
  expect(profile).toEqual({ first_name: "Anna", last_name: null, email: `${id}@example.com` });
});

test("a person can read and change the own profile", async ({ db }) => {
  const id = await createUser(db);
  const rows = await db.as(user(id), async (sql) => {
    await sql`update public.profiles set first_name = 'Berta', phone = '+4915112345678' where user_id = ${id}`;
    return sql`select first_name, phone, version from public.profiles`;
  });
  expect([...rows]).toEqual([{ first_name: "Berta", phone: "+4915112345678", version: 2 }]);
});

test("a person cannot see or change another profile", async ({ db }) => {
  const [owner, other] = [await createUser(db, { first_name: "Anna" }), await createUser(db)];
  const changed = await db.as(user(other), async (sql) => {
    expect(await sql`select from public.profiles where user_id = ${owner}`).toHaveLength(0);
    return sql`update public.profiles set first_name = 'Mallory' where user_id = ${owner} returning user_id`;
  });
  expect(changed).toHaveLength(0);
  const [kept] = await db.sql`select first_name from public.profiles where user_id = ${owner}`;
  expect(kept).toEqual({ first_name: "Anna" });
});

test.for([
  "email",
  "is_soft_deleted",
  "is_permanently_deleted",
  "suspended_at",
  "version",
  "user_id",
  "created_at",
  "updated_at",
])("a person cannot write %s of the own profile", async (column, { db }) => {
  const id = await createUser(db);
  await expectDenied(db, "42501", {
    as: user(id),
    does: (sql) =>
      sql`update public.profiles set ${sql(column)} = ${sql(column)} where user_id = ${id}`,
    keeps: (sql) => sql`select * from public.profiles where user_id = ${id}`,
  });
});

test("a suspended person can read but not write", async ({ db }) => {
  const id = await createPerson(db);
  await db.sql`update public.profiles set suspended_at = now() where user_id = ${id}`;
  await db.as(user(id), async (sql) => {
    expect(await sql`select from public.profiles`).toHaveLength(1);
    expect(await sql`update public.profiles set first_name = 'X' returning user_id`).toHaveLength(
      0,
    );
    expect(await sql`update public.addresses set city = 'X' returning user_id`).toHaveLength(0);
  });
});

test("a deleted profile is invisible to its owner", async ({ db }) => {
  const id = await createPerson(db);
  await db.sql`update public.profiles set is_soft_deleted = true where user_id = ${id}`;
  await db.as(user(id), async (sql) => {
    expect(await sql`select from public.profiles`).toHaveLength(0);
    expect(await sql`update public.profiles set first_name = 'X' returning user_id`).toHaveLength(
      0,
    );
  });
});

test("anonymous callers are refused; a backend can read but not write", async ({ db }) => {
  const id = await createUser(db);
  const keeps = (sql: typeof db.sql) => sql`select * from public.profiles where user_id = ${id}`;
  await expectDenied(db, "42501", {
    as: anon,
    does: (sql) => sql`select first_name from public.profiles`,
    keeps,
  });
  await expectDenied(db, "42501", {
    as: service,
    does: (sql) => sql`update public.profiles set first_name = 'X' where user_id = ${id}`,
    keeps,
  });
  const read = await db.as(
    service,
    (sql) => sql`select from public.profiles where user_id = ${id}`,
  );
  expect(read).toHaveLength(1);
});

test("the e-mail address follows the account and is unique without regard to case", async ({
  db,
}) => {
  const [first, second] = [await createUser(db), await createUser(db)];
  await db.sql`update auth.users set email = 'new@example.com' where id = ${first}`;
  const [profile] = await db.sql`select email from public.profiles where user_id = ${first}`;
  expect(profile).toEqual({ email: "new@example.com" });
  await expect(
    db.sql.savepoint(
      (sql) => sql`update auth.users set email = 'NEW@example.com' where id = ${second}`,
    ),
  ).rejects.toMatchObject({ code: "NF030" });
});

test.for([
  ["first_name", "a\u0007b"],
  ["first_name", "a\u202eb"],
  ["first_name", " padded"],
  ["last_name", ""],
  ["middle_name", "x".repeat(101)],
  ["salutation", "x".repeat(51)],
  ["phone", "015112345678"],
  ["date_of_birth", "1899-12-31"],
])("%s cannot be %j", async ([column, value], { db }) => {
  const id = await createUser(db);
  await expectDenied(db, "23514", {
    as: user(id),
    does: (sql) =>
      sql`update public.profiles set ${sql({ [column ?? ""]: value })} where user_id = ${id}`,
    keeps: (sql) => sql`select * from public.profiles where user_id = ${id}`,
  });
});

test("the date of birth cannot lie in the future", async ({ db }) => {
  const id = await createUser(db);
  await expectDenied(db, "NF001", {
    as: user(id),
    does: (sql) =>
      sql`update public.profiles set date_of_birth = current_date + 1 where user_id = ${id}`,
    keeps: (sql) => sql`select * from public.profiles where user_id = ${id}`,
  });
});

test("an account that goes takes its profile along, unless there is proof to keep", async ({
  db,
}) => {
  const [fresh, person] = [await createUser(db), await createPerson(db)];
  await db.sql`delete from auth.users where id = ${fresh}`;
  expect(await db.sql`select from public.profiles where user_id = ${fresh}`).toHaveLength(0);
  await expectDenied(db, "23503", {
    as: { role: "postgres" },
    does: (sql) => sql`delete from auth.users where id = ${person}`,
    keeps: (sql) => sql`select * from public.profiles where user_id = ${person}`,
  });
});
