import postgres, { type Sql, type TransactionSql } from "postgres";
import { logProblem } from "../log.ts";
import type { CallerClaims } from "../tokens/claims.ts";

/** Ends a transaction whose answer is known and whose rows nobody may see. */
class Undo extends Error {}

async function becomeCaller(tx: TransactionSql, topic: string, claims: CallerClaims) {
  await tx`
    select set_config('role', ${claims.role}, true),
      set_config('realtime.topic', ${topic}, true),
      set_config('request.jwt.claims', ${JSON.stringify(claims)}, true),
      set_config('request.jwt.claim.sub', ${claims.sub ?? ""}, true),
      set_config('request.jwt.claim.role', ${claims.role}, true)`;
}

async function tried(sql: Sql, ask: (tx: TransactionSql) => Promise<boolean>): Promise<boolean> {
  let answer = false;
  try {
    await sql.begin(async (tx) => {
      answer = await ask(tx);
      throw new Undo();
    });
  } catch (error) {
    if (error instanceof Undo) return answer;
    if (!(error instanceof postgres.PostgresError)) throw error;
    // 42501 is the answer "no"; anything else is a policy that fails, which lets nobody in either.
    if (error.code !== "42501") logProblem("realtime policy", error);
  }
  return false;
}

/** Whether the policies on `realtime.messages` let a caller see a message of this topic. */
export function mayReceive(sql: Sql, topic: string, claims: CallerClaims): Promise<boolean> {
  return tried(sql, async (tx) => {
    const [message] = await tx<{ id: string }[]>`
      insert into realtime.messages (topic, extension, private)
      values (${topic}, 'broadcast', true) returning id`;
    await becomeCaller(tx, topic, claims);
    const seen = await tx`select 1 from realtime.messages where id = ${message?.id ?? null}`;
    return seen.length > 0;
  });
}

/** Whether the policies on `realtime.messages` let a caller add a message to this topic. */
export function maySend(sql: Sql, topic: string, claims: CallerClaims): Promise<boolean> {
  return tried(sql, async (tx) => {
    await becomeCaller(tx, topic, claims);
    await tx`
      insert into realtime.messages (topic, extension, private) values (${topic}, 'broadcast', true)`;
    return true;
  });
}
