import type postgres from "postgres";
import { test as base, expect } from "vitest";
import { type OwnDatabase, withOwnDatabase } from "./db-own.ts";

export type Sql = postgres.TransactionSql;

/** Who a statement runs as: an API role with the claims of its token, or the migrating role. */
export type Caller =
  | { readonly role: "postgres" | "anon" | "service_role" }
  | { readonly role: "authenticated"; readonly id: string; readonly sessionId?: string }
  | { readonly role: "nff_operator"; readonly id: string }
  | { readonly role: "nff_operator"; readonly keyId: string };

export const migrator: Caller = { role: "postgres" };
export const anon: Caller = { role: "anon" };
export const service: Caller = { role: "service_role" };

/** A signed-in person, staff or not. */
export const user = (id: string): Caller => ({ role: "authenticated", id });

/** A signed-in person by the token of one session. */
export const inSession = (id: string, sessionId: string): Caller => ({
  role: "authenticated",
  id,
  sessionId,
});

/** A signed-in person in an operation on other people, which administrators may call. */
export const operator = (id: string): Caller => ({ role: "nff_operator", id });

/** A machine key in such an operation. */
export const machine = (keyId: string): Caller => ({ role: "nff_operator", keyId });

function claimsOf(caller: Caller): string {
  return JSON.stringify({
    role: caller.role,
    ...("id" in caller && { sub: caller.id, aal: "aal1" }),
    ...("sessionId" in caller && { session_id: caller.sessionId }),
    ...("keyId" in caller && { key_id: caller.keyId }),
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

async function rolledBack(client: postgres.Sql, work: (db: Db) => Promise<void>): Promise<void> {
  try {
    await client.begin(async (sql) => {
      await work(new Db(sql));
      throw new Rollback();
    });
  } catch (error) {
    if (!(error instanceof Rollback)) throw error;
  }
}

/**
 * `test` with a transaction `db` of its own, in a database that only its file uses: a test may change
 * the schema, move the clock or empty a table without meeting another one.
 */
export const test = base.extend<{ $file: { database: OwnDatabase }; $test: { db: Db } }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the dependencies of a fixture from the pattern.
  database: [async ({}, use) => withOwnDatabase(use), { scope: "file" }],
  db: async ({ database }, use) => rolledBack(database.client, use),
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
