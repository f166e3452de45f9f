import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { type Caller, type Db, expectDenied, inSession, test, user } from "../../../helpers/db.ts";
import { createUser } from "../../../helpers/db-fixtures.ts";
import { createSession } from "../../../helpers/db-operators.ts";

const list = async (db: Db, caller: Caller) => {
  const [row] = await db.as(
    caller,
    (sql) =>
      sql<{ items: Record<string, unknown>[] }[]>`select private.list_my_sessions() as items`,
  );
  return row?.items;
};

test("a person sees the own sessions, newest first, and which one this is", async ({ db }) => {
  const [id, other] = [await createUser(db), await createUser(db)];
  const [older, newer] = [await createSession(db, id), await createSession(db, id)];
  await createSession(db, other);
  await db.sql`update auth.sessions set created_at = '2026-11-20 08:00:00.5+00', aal = 'aal2',
    refreshed_at = '2026-11-20 09:00:00' where id = ${older}`;
  const items = await list(db, inSession(id, newer));
  expect(items?.map((item) => [item.session_id, item.is_current])).toEqual([
    [newer, true],
    [older, false],
  ]);
  expect(items?.[1]).toEqual({
    session_id: older,
    is_current: false,
    aal: "aal2",
    user_agent: "test",
    ip: "203.0.113.7",
    created_at: "2026-11-20T08:00:00.500Z",
    last_active_at: "2026-11-20T09:00:00.000Z",
  });
});

test("sessions whose time is over are not listed", async ({ db }) => {
  const id = await createUser(db);
  const session = await createSession(db, id);
  await db.sql`update auth.sessions set not_after = now() - interval '1 second' where id = ${session}`;
  expect(await list(db, user(id))).toEqual([]);
});

test("whoever has signed out sees none", async ({ db }) => {
  const id = await createUser(db);
  await createSession(db, id);
  await expectDenied(db, "NF002", {
    as: inSession(id, randomUUID()),
    does: (sql) => sql`select private.list_my_sessions()`,
    keeps: (sql) => sql`select id from auth.sessions where user_id = ${id}`,
  });
});
