import { expect } from "vitest";
import { anon, expectDenied, inSession, test, user } from "../../../helpers/db.ts";
import { createUser } from "../../../helpers/db-fixtures.ts";
import { createSession } from "../../../helpers/db-operators.ts";

test("a session that lives passes, and a token that names none", async ({ db }) => {
  const id = await createUser(db);
  for (const caller of [inSession(id, await createSession(db, id)), user(id)]) {
    const rows = await db.as(caller, (sql) => sql`select private.require_session()`);
    expect(rows).toHaveLength(1);
  }
});

test("one that has ended, or is somebody else's, is refused with a code of its own", async ({
  db,
}) => {
  const [id, other] = [await createUser(db), await createUser(db)];
  const ended = await createSession(db, id);
  await db.sql`delete from auth.sessions where id = ${ended}`;
  for (const session of [ended, await createSession(db, other), "none"]) {
    await expectDenied(db, "NF002", {
      as: inSession(id, session),
      does: (sql) => sql`select private.require_session()`,
      keeps: (sql) => sql`select id from auth.sessions order by 1`,
    });
  }
});

test("callers without an account have nothing to ask", async ({ db }) => {
  await expectDenied(db, "42501", {
    as: anon,
    does: (sql) => sql`select private.require_session()`,
    keeps: (sql) => sql`select id from auth.sessions order by 1`,
  });
});
