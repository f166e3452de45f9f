import postgres from "postgres";
import { test as base, expect } from "vitest";
import { stackEnv } from "./stack-env.ts";

export type Sql = postgres.TransactionSql;

/** Who a statement runs as: an API role with the claims of its token, or the migrating role. */
export type Caller =
  | { readonly role: "postgres" | "anon" | "service_role" }
  | { readonly role: "authenticated"; readonly id: string };

export const migrator: Caller = { role: "postgres" };
export const anon: Caller = { role: "anon" };
export const service: Caller = { role: "service_role" };

/** A signed-in person, staff or not. */
export const user = (id: string): Caller => ({ role: "authenticated", id });

function claimsOf(caller: Caller): string {
  return JSON.stringify({
    role: caller.role,
    ...(caller.role === "authenticated" ? { sub: caller.id, aal: "aal1" } : {}),
  });
}

/** One transaction of one test. It is always rolled back, so tests share nothing. */
export class Db {
  /** Statements as the role `postgres`, which owns the tables. */
  readonly sql: Sql;

  constructor(sql: Sql) {
    this.sql = sql;
  }

  /** Runs statements as somebody else; an error undoes what they did and leaves the test its own role. */
  async as<T>(caller: Caller, work: (sql: Sql) => Promise<T>): Promise<T> {
    const outcome: { result?: { readonly value: T } } = {};
    await this.sql.savepoint(async (sql) => {
      await sql`select set_config('role', ${caller.role}, true),
        set_config('request.jwt.claims', ${claimsOf(caller)}, true)`;
      outcome.result = { value: await work(sql) };
      await sql`select set_config('role', 'none', true), set_config('request.jwt.claims', '', true)`;
    });
    if (outcome.result === undefined) throw new Error("The work did not run.");
    return outcome.result.value;
  }
}

/** Ends the transaction of a test without keeping what it did. */
class Rollback extends Error {}

/** Runs work in a transaction that is rolled back. */
export async function rolledBack(url: string, work: (db: Db) => Promise<void>): Promise<void> {
  const client = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await client.begin(async (sql) => {
      await work(new Db(sql));
      throw new Rollback();
    });
  } catch (error) {
    if (!(error instanceof Rollback)) throw error;
  } finally {
    await client.end();
  }
}

/** `test` with a transaction `db` of its own. */
export const test = base.extend<{ db: Db }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the dependencies of a fixture from the pattern.
  db: async ({}, use) => {
    await rolledBack(stackEnv().dbUrl, use);
  },
});

/** What a refused statement must not change, and who is refused. */
export interface Denial {
  readonly as: Caller;
  readonly does: (sql: Sql) => Promise<unknown>;
  /** Rows that have to be the same afterwards, read as the owner of the tables. */
  readonly keeps: (sql: Sql) => Promise<readonly unknown[]>;
}

/** Expects a refusal with its SQLSTATE, and that the rows it was about are as before. */
export async function expectDenied(db: Db, sqlstate: string, denial: Denial): Promise<void> {
  const before = await denial.keeps(db.sql);
  await expect(db.as(denial.as, denial.does)).rejects.toMatchObject({ code: sqlstate });
  expect([...(await denial.keeps(db.sql))]).toEqual([...before]);
}
