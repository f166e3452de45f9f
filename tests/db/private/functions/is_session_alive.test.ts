import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { type Caller, type Db, expectDenied, inSession, test, user } from "../../../helpers/db.ts";
import { createStaff, createUser } from "../../../helpers/db-fixtures.ts";
import { createSession } from "../../../helpers/db-operators.ts";

const isAlive = async (db: Db, caller: Caller) => {
  const [row] = await db.as(caller, (sql) => sql`select private.is_session_alive() as alive`);
  return row?.alive;
};

test("a session lives until it ends or its time is over", async ({ db }) => {
  const id = await createUser(db);
  const session = await createSession(db, id);
  expect(await isAlive(db, inSession(id, session))).toBe(true);

  await db.sql`update auth.sessions set not_after = now() - interval '1 second' where id = ${session}`;
  expect(await isAlive(db, inSession(id, session))).toBe(false);
  await db.sql`update auth.sessions set not_after = now() + interval '1 hour' where id = ${session}`;
  expect(await isAlive(db, inSession(id, session))).toBe(true);

  await db.sql`delete from auth.sessions where id = ${session}`;
  expect(await isAlive(db, inSession(id, session))).toBe(false);
});

test("the session of somebody else, and what is no session at all, are none", async ({ db }) => {
  const [id, other] = [await createUser(db), await createUser(db)];
  expect(await isAlive(db, inSession(id, await createSession(db, other)))).toBe(false);
  expect(await isAlive(db, inSession(id, randomUUID()))).toBe(false);
  expect(await isAlive(db, inSession(id, "no uuid"))).toBe(false);
});

test("a token that names no session is judged by its expiry alone", async ({ db }) => {
  expect(await isAlive(db, user(await createUser(db)))).toBe(true);
});

test("the look-up is one row by an index", async ({ db }) => {
  const id = await createUser(db);
  await createSession(db, id);
  await db.sql`set local enable_seqscan = off`;
  const plan = await db.sql`
    explain select user_id from auth.sessions
    where id = ${randomUUID()} and (not_after is null or not_after > now())`;
  expect(plan.map((line) => line["QUERY PLAN"]).join("\n")).toContain(
    "Index Scan using sessions_pkey",
  );
});

test("whoever has signed out writes nothing any more, in any role", async ({ db }) => {
  const [person, admin] = [await createUser(db), await createStaff(db, "admin")];
  const profile = (sql: Db["sql"]) =>
    sql`select user_id, first_name, version from public.profiles where user_id = ${person}`;
  const callers = [inSession(person, randomUUID()), inSession(admin, randomUUID())] as const;
  await expectDenied(db, "NF002", {
    as: callers[0],
    does: (sql) => sql`select private.update_me('{"first_name": "Eve"}', null)`,
    keeps: profile,
  });
  await expectDenied(db, "NF002", {
    as: callers[1],
    does: (sql) => sql`select private.put_user_roles(${person}, '["support"]', null, null)`,
    keeps: (sql) => sql`select role from private.user_roles where user_id = ${person}`,
  });
  // Through the Data API a policy hides the row from the update.
  const met = await db.as(
    callers[0],
    async (sql) =>
      (await sql`update public.profiles set first_name = 'Eve' where user_id = ${person}`).count,
  );
  expect(met).toBe(0);
});
