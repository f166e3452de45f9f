import { randomUUID } from "node:crypto";
import { describe, expect } from "vitest";
import { type Caller, type Db, expectDenied, operator, test, user } from "../../helpers/db.ts";
import { createStaff, createUser } from "../../helpers/db-fixtures.ts";

type Changes = Readonly<Record<string, string | null>>;

const ROSA = { first_name: "Rosa", last_name: "Reviewer", date_of_birth: "1980-02-03" };

/** Staff whose name and birth date are known. */
const createKnown = async (db: Db, role: string) => name(db, await createStaff(db, role));

const createNamed = async (db: Db) => name(db, await createUser(db));

async function name(db: Db, id: string): Promise<string> {
  await db.sql`update public.profiles set ${db.sql(ROSA)} where user_id = ${id}`;
  return id;
}

const asOperator = (id: string, changes: Changes) => (sql: Db["sql"]) =>
  sql`select private.nff_update_user(${id}, version, ${sql.json(changes)}) as state
    from public.profiles where user_id = ${id}`;
const asOneself = (changes: Changes) => (sql: Db["sql"]) =>
  sql`select private.update_me(${sql.json(changes)}, null)`;
const directly = (id: string, changes: Changes) => (sql: Db["sql"]) =>
  sql`update public.profiles set ${sql(changes)} where user_id = ${id}`;

const keeps = (id: string) => (sql: Db["sql"]) =>
  sql`
  select profile.*, (select count(*) from private.account_changes) as changes
  from public.profiles as profile where user_id = ${id}`;

const refused = (db: Db, id: string, as: Caller, does: (sql: Db["sql"]) => Promise<unknown>) =>
  expectDenied(db, "NF010", { as, does, keeps: keeps(id) });

const identityOf = async (db: Db, id: string) => {
  const [row] = await db.sql`
    select first_name, last_name, date_of_birth::text from public.profiles where user_id = ${id}`;
  return row;
};

const IDENTITY: Changes[] = [
  { first_name: "Eve" },
  { last_name: "Else" },
  { date_of_birth: "1990-01-01" },
];

describe("[EYES-18] who a member of staff is taken for", () => {
  test.for(IDENTITY)("a colleague does not change it: %j", async (changes, { db }) => {
    const admin = operator(await createStaff(db, "admin"));
    const id = await createKnown(db, "approver");
    await refused(db, id, admin, asOperator(id, changes));
  });

  test("a colleague does not complete it either", async ({ db }) => {
    const admin = operator(await createStaff(db, "admin"));
    const id = await createStaff(db, "approver");
    await refused(db, id, admin, asOperator(id, { date_of_birth: "1990-01-01" }));
  });

  test("nor oneself, in any way", async ({ db }) => {
    const id = await createKnown(db, "admin");
    for (const changes of [...IDENTITY, { last_name: null }, { date_of_birth: null }]) {
      await refused(db, id, user(id), asOneself(changes));
      await refused(db, id, user(id), directly(id, changes));
    }
    for (const changes of IDENTITY) {
      await refused(db, id, operator(id), asOperator(id, changes));
      const email = `${randomUUID()}@example.com`;
      await refused(db, id, operator(id), asOperator(id, { ...changes, email }));
    }
  });

  test("nor a second account of one's own in the role of an operator", async ({ db }) => {
    const admin = await createKnown(db, "admin");
    const second = await createNamed(db);
    for (const changes of IDENTITY) {
      await refused(db, second, operator(admin), asOperator(second, changes));
    }
  });

  test("oneself completes it once, and may write it in another way", async ({ db }) => {
    const id = await createStaff(db, "reviewer");
    await db.as(user(id), asOneself({ ...ROSA, last_name: "Muller" }));
    await db.as(user(id), asOneself({ last_name: "Müller", salutation: "Dr", middle_name: "Ada" }));
    expect(await identityOf(db, id)).toEqual({ ...ROSA, last_name: "Müller" });
  });

  test("what says nothing about it is changed as before, and so are people without a role", async ({
    db,
  }) => {
    const admin = operator(await createStaff(db, "admin"));
    const id = await createKnown(db, "approver");
    await db.as(admin, asOperator(id, { ...ROSA, middle_name: "Ada" }));
    const person = await createNamed(db);
    await db.as(admin, asOperator(person, { last_name: "Married" }));
    await db.as(user(person), asOneself({ first_name: "Rosalind" }));
    expect(await identityOf(db, person)).toMatchObject({
      first_name: "Rosalind",
      last_name: "Married",
    });
  });
});
