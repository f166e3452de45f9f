import postgres from "postgres";
import { expect } from "vitest";
import { test as base, Db } from "../../../helpers/db.ts";
import { createDraft, createPerson } from "../../../helpers/db-fixtures.ts";

/** What happens on several connections at once has to be committed: this file's own database takes it. */
const test = base.extend<{ $file: { pool: postgres.Sql } }>({
  pool: [
    async ({ database }, use) => {
      const pool = postgres(database.url, { max: 6, onnotice: () => {} });
      await use(pool);
      await pool.end();
    },
    { scope: "file" },
  ],
});

/** Drafts that are a day old. */
async function createDue(pool: postgres.Sql, count: number): Promise<string[]> {
  const drafts: string[] = [];
  await pool.begin(async (sql) => {
    const db = new Db(sql);
    for (let index = 0; index < count; index += 1)
      drafts.push(await createDraft(db, await createPerson(db)));
    await sql`select private.shift_clock('1 day')`;
  });
  return drafts;
}

const remind = async (sql: postgres.Sql | postgres.TransactionSql, limit: number) => {
  const [row] = await sql<{ made: number }[]>`select private.job_remind(${limit}) as made`;
  return row?.made ?? 0;
};

const traces = async (pool: postgres.Sql, drafts: readonly string[]) => {
  const [row] = await pool`
    select (select count(*)::integer from private.kyc_reminders where verification_id::text = any (${drafts})) as rows,
      (select count(*)::integer from private.audit_log
        where action = 'kyc.reminded' and subject_id = any (${drafts})) as entries,
      (select count(*)::integer from realtime.messages
        where event = 'kyc.reminder' and payload ->> 'verification_id' = any (${drafts})) as messages`;
  return row;
};

test("runs at once make each reminder once", async ({ pool }) => {
  const drafts = await createDue(pool, 10);
  const made = await Promise.all(Array.from({ length: 4 }, () => remind(pool, 4)));
  made.push(await remind(pool, 100));
  expect(made.reduce((sum, each) => sum + each, 0)).toBe(10);
  expect(await traces(pool, drafts)).toEqual({ rows: 10, entries: 10, messages: 10 });
  expect(await pool`select * from private.audit_verify()`).toHaveLength(0);
});

test("what another transaction is making is left to it; what it takes back is made later", async ({
  pool,
}) => {
  const drafts = await createDue(pool, 2);
  class Undo extends Error {}
  await expect(
    pool.begin(async (sql) => {
      expect(await remind(sql, 100)).toBe(2);
      expect(await remind(pool, 100)).toBe(0);
      throw new Undo();
    }),
  ).rejects.toBeInstanceOf(Undo);
  expect(await traces(pool, drafts)).toEqual({ rows: 0, entries: 0, messages: 0 });
  expect(await remind(pool, 100)).toBe(2);
  expect(await remind(pool, 100)).toBe(0);
  expect(await traces(pool, drafts)).toEqual({ rows: 2, entries: 2, messages: 2 });
});
