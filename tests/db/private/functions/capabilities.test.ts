import { expect } from "vitest";
import { expectDenied, service, test, user } from "../../../helpers/db.ts";
import { createUser } from "../../../helpers/db-fixtures.ts";

test("every optional part is named, and what is said of pg_trgm is true", async ({ db }) => {
  const rows = await db.as(service, (sql) => sql`select * from private.capabilities()`);
  expect(rows.map((row) => row.name)).toEqual([
    "pg_trgm",
    "pg_cron",
    "pg_net",
    "vault",
    "realtime",
  ]);
  const [trgm] =
    await db.sql`select exists (select from pg_extension where extname = 'pg_trgm') as there`;
  expect(rows[0]?.is_available).toBe(trgm?.there);
});

test("people cannot ask", async ({ db }) => {
  const id = await createUser(db);
  await expectDenied(db, "42501", {
    as: user(id),
    does: (sql) => sql`select * from private.capabilities()`,
    keeps: (sql) => sql`select extname from pg_extension order by 1`,
  });
});
