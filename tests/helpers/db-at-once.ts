import postgres from "postgres";
import { test as base, type Caller, Db } from "./db.ts";

/** What happens on several connections at once has to be committed: this file's own database takes it. */
export const test = base.extend<{ $file: { pool: postgres.Sql } }>({
  pool: [
    async ({ database }, use) => {
      const pool = postgres(database.url, { max: 20, onnotice: () => {} });
      await use(pool);
      await pool.end();
    },
    { scope: "file" },
  ],
});

/** Does something and commits it. */
export async function arrange<T>(pool: postgres.Sql, work: (db: Db) => Promise<T>): Promise<T> {
  const outcome: { result?: { readonly value: T } } = {};
  await pool.begin(async (sql) => {
    outcome.result = { value: await work(new Db(sql)) };
  });
  if (outcome.result === undefined) throw new Error("Nothing was arranged.");
  return outcome.result.value;
}

/** The same call from many connections at once: what each got, the SQLSTATE where it was refused. */
export async function atOnce(
  pool: postgres.Sql,
  times: number,
  caller: Caller,
  call: (sql: Db["sql"], index: number) => Promise<readonly { result: string }[]>,
): Promise<string[]> {
  return Promise.all(
    Array.from({ length: times }, (_, index) =>
      arrange(pool, (db) => db.as(caller, (sql) => call(sql, index))).then(
        ([row]) => row?.result ?? "",
        (error: { code: string }) => error.code,
      ),
    ),
  );
}
