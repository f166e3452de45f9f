import { expect } from "vitest";
import { user } from "../helpers/db.ts";
import { arrange, test } from "../helpers/db-at-once.ts";
import { createStaff } from "../helpers/db-fixtures.ts";
import { createInReview } from "../helpers/db-review.ts";

const IN_REVIEW = 10;

test("[QUEUE-01] 20 reviewers claim at once: each of 10 cases goes to one of them", async ({
  pool,
}) => {
  const { cases, reviewers } = await arrange(pool, async (db) => {
    const made = { cases: [] as string[], reviewers: [] as string[] };
    for (let count = 0; count < IN_REVIEW; count += 1) {
      made.cases.push((await createInReview(db)).verificationId);
    }
    for (let count = 0; count < 2 * IN_REVIEW; count += 1) {
      made.reviewers.push(await createStaff(db, "reviewer"));
    }
    return made;
  });
  const claimed = await Promise.all(
    reviewers.map((id) =>
      arrange(pool, (db) =>
        db.as(
          user(id),
          (sql) => sql`select private.kyc_claim_next() ->> 'verification_id' as result`,
        ),
      ).then(([row]) => row?.result ?? null),
    ),
  );
  expect(claimed.filter((id) => id !== null).toSorted()).toEqual(cases.toSorted());
  const holders = await pool`
    select count(*)::integer as cases, count(distinct assignee_id)::integer as holders
    from private.kyc_cases where verification_id = any (${cases})`;
  expect(holders).toEqual([{ cases: IN_REVIEW, holders: IN_REVIEW }]);
  const entries =
    await pool`select count(*)::integer as entries from private.audit_log where action = 'kyc.claimed'`;
  expect(entries).toEqual([{ entries: IN_REVIEW }]);
});

test("what is being decided is not free, although nobody holds it", async ({ pool }) => {
  const { verificationId, version, first, second } = await arrange(pool, async (db) => {
    await db.sql`update private.kyc_cases set due_at = null`;
    const { verificationId } = await createInReview(db);
    const [row] = await db.sql<{ version: number }[]>`
      select version from public.kyc_verifications where verification_id = ${verificationId}`;
    const [first, second] = [await createStaff(db, "reviewer"), await createStaff(db, "reviewer")];
    return { verificationId, version: row?.version ?? 0, first, second };
  });
  const claim = () =>
    arrange(pool, (db) =>
      db.as(user(second), (sql) => sql`select private.kyc_claim_next() as item`),
    );
  await arrange(pool, async (db) => {
    await db.as(
      user(first),
      (sql) =>
        sql`select private.kyc_decide(${verificationId}, 'approve', null, null, null, ${version})`,
    );
    // The decision is not committed yet.
    expect(await claim()).toMatchObject([{ item: null }]);
  });
  expect(await claim()).toMatchObject([{ item: null }]);
});
