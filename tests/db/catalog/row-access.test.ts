import { describe, expect } from "vitest";
import {
  anon,
  type Caller,
  type Db,
  expectDenied,
  type Sql,
  service,
  test,
  user,
} from "../../helpers/db.ts";
import { addDocument, createDraft, createPerson, createStaff } from "../../helpers/db-fixtures.ts";
import {
  type Access,
  CALLERS,
  type CallerName,
  COMMANDS,
  type Command,
  rowAccess,
} from "./expected/row-access.ts";

/** A person with a row in every table, the callers, and who owns what. */
async function arrange(db: Db): Promise<{ owner: string; callers: Record<CallerName, Caller> }> {
  const owner = await createPerson(db);
  await addDocument(db, owner, await createDraft(db, owner));
  const staff = async (role: string) => user(await createStaff(db, role));
  return {
    owner,
    callers: {
      anon,
      owner: user(owner),
      // Has rows of its own, so that a missing filter would show.
      other: user(await createPerson(db)),
      support: await staff("support"),
      reviewer: await staff("reviewer"),
      approver: await staff("approver"),
      compliance_admin: await staff("compliance_admin"),
      auditor: await staff("auditor"),
      admin: await staff("admin"),
      service,
    },
  };
}

/** A command that aims at the owner's rows; answers how many it met. */
const aim =
  (command: Command, table: string, column: string, owner: string) => async (sql: Sql) => {
    const name = sql(`public.${table}`);
    switch (command) {
      case "select":
        return (await sql`select user_id from ${name} where user_id = ${owner}`).count;
      case "insert":
        return (await sql`insert into ${name} (user_id) values (${owner})`).count;
      case "update":
        return (
          await sql`update ${name} set ${sql(column)} = ${sql(column)} where user_id = ${owner}`
        ).count;
      case "delete":
        return (await sql`delete from ${name} where user_id = ${owner}`).count;
    }
  };

test("every exposed table has its cells, and every cell a table", async ({ db }) => {
  const tables = await db.sql<{ name: string }[]>`
    select relname as name from pg_catalog.pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f') order by 1`;
  expect(tables.map(({ name }) => name)).toEqual(Object.keys(rowAccess).sort());
});

for (const [table, { column, cells }] of Object.entries(rowAccess)) {
  describe(`public.${table}`, () => {
    for (const command of COMMANDS) {
      test(`${command}: each caller reaches what it should and no more`, async ({ db }) => {
        const { owner, callers } = await arrange(db);
        const does = aim(command, table, column, owner);
        const keeps = (sql: Sql) =>
          sql`select * from ${sql(`public.${table}`)} where user_id = ${owner}`;
        const total = (await keeps(db.sql)).length;
        expect(total).toBeGreaterThan(0);
        for (const name of CALLERS) {
          const cell: Access = cells[command][name] ?? cells[command].rest;
          const caller = callers[name];
          if (cell === "denied") {
            await expectDenied(db, "42501", { as: caller, does, keeps });
          } else {
            const met = await db.as(caller, does);
            expect(met, `${name} ${command}`).toBe(cell === "none" ? 0 : total);
          }
        }
      });
    }

    test("[OBJ-01] nobody reads somebody else's rows by leaving out the filter", async ({ db }) => {
      const { owner, callers } = await arrange(db);
      for (const name of CALLERS) {
        if ((cells.select[name] ?? cells.select.rest) !== "own" && name !== "other") continue;
        const caller = callers[name];
        const rows = await db.as(
          caller,
          (sql) => sql<{ user_id: string }[]>`select user_id from ${sql(`public.${table}`)}`,
        );
        const id = caller.role === "authenticated" ? caller.id : owner;
        expect(
          [...new Set(rows.map((row) => row.user_id))].filter((found) => found !== id),
        ).toEqual([]);
      }
    });
  });
}
