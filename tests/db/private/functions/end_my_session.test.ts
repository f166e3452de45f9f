import { expect } from "vitest";
import { type Db, expectDenied, inSession, test, user } from "../../../helpers/db.ts";
import { createUser } from "../../../helpers/db-fixtures.ts";
import { auditOf, createSession } from "../../../helpers/db-operators.ts";

const sessions = (userId: string) => (sql: Db["sql"]) =>
  sql`select id from auth.sessions where user_id = ${userId} order by id`;

test("a session ends with its refresh tokens, and the audit says so", async ({ db }) => {
  const id = await createUser(db);
  const [kept, ended] = [await createSession(db, id), await createSession(db, id)];
  await db.sql`insert into auth.refresh_tokens (token, user_id, session_id, revoked)
    values ('token-of-a-test', ${id}, ${ended}, false)`;
  await db.as(inSession(id, kept), (sql) => sql`select private.end_my_session(${ended})`);
  expect(await sessions(id)(db.sql)).toEqual([{ id: kept }]);
  expect([...(await db.sql`select from auth.refresh_tokens where session_id = ${ended}`)]).toEqual(
    [],
  );
  expect((await auditOf(db, `user:${id}`)).at(-1)).toMatchObject({
    action: "user.session_ended",
    actor_kind: "user",
    actor_id: id,
  });
});

test("the session of somebody else is not found and goes on", async ({ db }) => {
  const [id, other] = [await createUser(db), await createUser(db)];
  const session = await createSession(db, other);
  await expectDenied(db, "NF020", {
    as: user(id),
    does: (sql) => sql`select private.end_my_session(${session})`,
    keeps: sessions(other),
  });
});

test("an ended session ends no other one", async ({ db }) => {
  const id = await createUser(db);
  const [own, other] = [await createSession(db, id), await createSession(db, id)];
  await db.as(user(id), (sql) => sql`select private.end_my_session(${own})`);
  await expectDenied(db, "NF002", {
    as: inSession(id, own),
    does: (sql) => sql`select private.end_my_session(${other})`,
    keeps: sessions(id),
  });
});
