import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { expect } from "vitest";
import { test as base, Db } from "../helpers/db.ts";
import { type Claim, claim, createEndpoint, emit, settle } from "../helpers/db-webhooks.ts";

/** What happens on several connections at once has to be committed: this file's own database takes it. */
const test = base.extend<{ $file: { pool: postgres.Sql } }>({
  pool: [
    async ({ database }, use) => {
      const pool = postgres(database.url, { max: 12, onnotice: () => {} });
      await use(pool);
      await pool.end();
    },
    { scope: "file" },
  ],
});

/** Does something in a transaction of its own and commits it. */
async function commit<T>(pool: postgres.Sql, work: (db: Db) => Promise<T>): Promise<T> {
  const outcome: { result?: { readonly value: T } } = {};
  await pool.begin(async (sql) => {
    outcome.result = { value: await work(new Db(sql)) };
  });
  if (outcome.result === undefined) throw new Error("Nothing was done.");
  return outcome.result.value;
}

const times = <T>(count: number, work: () => Promise<T>) =>
  Promise.all(Array.from({ length: count }, work));

test("numbers of one subject are without gaps and repetitions, however many write at once", async ({
  pool,
}) => {
  await commit(pool, (db) => createEndpoint(db, ["user.suspended"]));
  const subject = randomUUID();
  await times(40, () => commit(pool, (db) => emit(db, "user.suspended", subject)));
  const rows = await pool`
    select sequence::int as sequence from private.webhook_messages where subject_id = ${subject}
    order by created_at, sequence`;
  expect(rows.map(({ sequence }) => sequence).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 40 }, (_, index) => index + 1),
  );
});

test("workers at once: each delivery goes to one of them, and no endpoint gets more than four", async ({
  pool,
}) => {
  await pool`update private.webhook_deliveries set status = 'dropped', next_attempt_at = null where status = 'pending'`;
  const first = await commit(pool, (db) => createEndpoint(db, ["user.reactivated"]));
  const second = await commit(pool, (db) =>
    createEndpoint(db, ["user.reactivated"], {}, first.adminId),
  );
  for (let count = 0; count < 20; count += 1) {
    await commit(pool, (db) => emit(db, "user.reactivated"));
  }
  const seen: Claim[] = [];
  for (let round = 0; round < 30 && seen.length < 40; round += 1) {
    const claims = (await times(6, () => commit(pool, (db) => claim(db)))).flat();
    for (const { endpointId } of [first, second]) {
      const mine = claims.filter(({ endpoint_id }) => endpoint_id === endpointId);
      expect(mine.length).toBeLessThanOrEqual(4);
    }
    seen.push(...claims);
    // Settled all at once: endpoints and deliveries are locked in one order, so nobody is a victim.
    const outcomes = await Promise.all(
      claims.map((claimed) => commit(pool, (db) => settle(db, claimed, 204))),
    );
    expect(new Set(outcomes)).toEqual(new Set(claims.length > 0 ? ["delivered"] : []));
  }
  expect(seen).toHaveLength(40);
  expect(new Set(seen.map(({ delivery_id }) => delivery_id)).size).toBe(40);
});
