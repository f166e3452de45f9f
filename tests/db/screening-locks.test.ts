import postgres from "postgres";
import { expect, vi } from "vitest";
import { test as base, Db, user } from "../helpers/db.ts";
import { createStaff } from "../helpers/db-fixtures.ts";
import {
  createSubmittedApplicant,
  decide,
  type Entry,
  hitsOf,
  loadList,
} from "../helpers/db-screening.ts";

const test = base.extend<{ $file: { pool: postgres.Sql } }>({
  pool: [
    async ({ database }, use) => {
      const pool = postgres(database.url, { max: 5, onnotice: () => {} });
      await use(pool);
      await pool.end();
    },
    { scope: "file" },
  ],
});

const entry = (country: string): Entry => ({
  ref: "S-1",
  name: "Vladomir Grutschenko",
  countries: [country],
});

/** A judged hit of somebody who has submitted, committed, and a member of staff. */
async function arrange(pool: postgres.Sql) {
  const outcome: { found?: Awaited<ReturnType<typeof judged>> } = {};
  await pool.begin(async (sql) => {
    outcome.found = await judged(new Db(sql));
  });
  if (!outcome.found) throw new Error("Nothing was arranged.");
  return outcome.found;
}

async function judged(db: Db) {
  await loadList(db, [entry("Ruritania")]);
  const applicant = await createSubmittedApplicant(db, { first: "Vladomir", last: "Grutschenko" });
  const [hit] = await hitsOf(db, applicant.userId);
  if (!hit) throw new Error("There is no hit.");
  const reviewer = await createStaff(db, "reviewer");
  await db.as(user(reviewer), decide(applicant.verificationId, hit));
  return { ...applicant, hit, reviewer };
}

/**
 * Holds the verification, as whoever moves it does, lets `work` run into it, and then takes the hit too.
 * If the work held the hit by then, both would wait for each other for ever.
 */
async function crossing(
  pool: postgres.Sql,
  { verificationId, hit }: Awaited<ReturnType<typeof judged>>,
  work: () => Promise<unknown>,
) {
  let working: Promise<unknown> = Promise.resolve();
  await pool.begin(async (sql) => {
    await sql`select from public.kyc_verifications where verification_id = ${verificationId} for update`;
    working = work();
    working.catch(() => {});
    await vi.waitFor(async () => {
      const [row] = await pool`
        select count(*)::integer as waiting from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`;
      expect(row?.waiting).toBe(1);
    });
    const taken = await sql`
      select status from private.screening_hits where hit_id = ${hit.hit_id} for update nowait`;
    expect(taken).toHaveLength(1);
  });
  await working;
}

const statusOf = async (pool: postgres.Sql, userId: string) => {
  const [row] = await pool`select status from private.screening_hits where user_id = ${userId}`;
  return row?.status;
};

test("a decision and a move of the verification wait for each other in one order", async ({
  pool,
}) => {
  const arranged = await arrange(pool);
  await crossing(pool, arranged, () =>
    pool.begin((sql) =>
      new Db(sql).as(
        user(arranged.reviewer),
        decide(arranged.verificationId, arranged.hit, "confirm"),
      ),
    ),
  );
  expect(await statusOf(pool, arranged.userId)).toBe("confirmed");
});

test("a list that comes in and a move of the verification do too", async ({ pool }) => {
  const arranged = await arrange(pool);
  await crossing(pool, arranged, () =>
    pool.begin((sql) => loadList({ sql }, [entry("Grand Fenwick")], { version: "2" })),
  );
  expect(await statusOf(pool, arranged.userId)).toBe("open");
});
