import { expect } from "vitest";
import { expectDenied, migrator, service, test, user } from "../../../helpers/db.ts";
import { createUser } from "../../../helpers/db-fixtures.ts";

test("a test database can move its clock and set it back", async ({ db }) => {
  const shift = async () => {
    const [row] =
      await db.sql`select extract(epoch from clock_shift)::integer as seconds from private.settings`;
    return row?.seconds;
  };
  await db.as(service, (sql) => sql`select private.shift_clock(null)`);
  await db.as(service, (sql) => sql`select private.shift_clock('1 hour')`);
  await db.as(service, (sql) => sql`select private.shift_clock('30 minutes')`);
  expect(await shift()).toBe(5400);
  await db.as(service, (sql) => sql`select private.shift_clock(null)`);
  expect(await shift()).toBe(0);
});

test("a person cannot move it", async ({ db }) => {
  const id = await createUser(db);
  await expectDenied(db, "42501", {
    as: user(id),
    does: (sql) => sql`select private.shift_clock('1 hour')`,
    keeps: (sql) => sql`select clock_shift from private.settings`,
  });
});

test("a database that is not configured for it refuses, also its owner, also with the parameter set by hand", async ({
  db,
}) => {
  await db.sql`create or replace function private.is_clock_shift_allowed() returns boolean language plpgsql
    stable set search_path = '' as ${db.sql.unsafe("'begin return false; end'")}`;
  await db.sql`select set_config('app.allow_clock_shift', 'on', true)`;
  const keeps = (sql: typeof db.sql) => sql`select clock_shift from private.settings`;
  await expectDenied(db, "NF010", {
    as: service,
    does: (sql) => sql`select private.shift_clock('1 hour')`,
    keeps,
  });
  await expectDenied(db, "NF010", {
    as: migrator,
    does: (sql) => sql`update private.settings set clock_shift = '1 hour'`,
    keeps,
  });
});

test("the configuration is read from the catalog, not from the session", async ({ db }) => {
  const [source] = await db.sql`
    select prosrc from pg_proc where oid = 'private.is_clock_shift_allowed()'::regprocedure`;
  expect(source?.prosrc).toContain("pg_db_role_setting");
  expect(source?.prosrc).not.toMatch(/current_setting\('/);
});
