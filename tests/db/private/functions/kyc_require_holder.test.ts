import { expect } from "vitest";
import { type Db, expectDenied, migrator, type Sql, test, user } from "../../../helpers/db.ts";
import { createProcessing, createStaff, move } from "../../../helpers/db-fixtures.ts";

/** A case in review, and the two people who might work on it. */
async function arrange(db: Db) {
  const { verificationId } = await createProcessing(db);
  await move(db, verificationId, "in_review", "provider", "provider_review");
  return {
    verificationId,
    holder: await createStaff(db, "reviewer"),
    other: await createStaff(db, "reviewer"),
  };
}

/** The hold ends so long from now. */
const hold = (db: Db, verificationId: string, holder: string, lasts: string) => db.sql`
  update private.kyc_cases
  set assignee_id = ${holder}, lease_expires_at = private.now() + ${lasts}::text::interval
  where verification_id = ${verificationId}`;

const holdOf = (verificationId: string) => (sql: Sql) =>
  sql`
  select assignee_id, lease_expires_at - private.now() as rest from private.kyc_cases
  where verification_id = ${verificationId}`;

/** As a function of the schema calls it for this person. */
const calls = (id: string, name: string, verificationId: string) => async (sql: Sql) => {
  await sql`select set_config('request.jwt.claims', ${JSON.stringify({ sub: id })}, true)`;
  const [row] = await sql`select private.${sql(name)}(${verificationId}) as answer`;
  return row?.answer;
};

test("nobody holds the case: everybody may work on it, and it stays with nobody", async ({
  db,
}) => {
  const { verificationId, other } = await arrange(db);
  await db.as(migrator, calls(other, "kyc_require_holder", verificationId));
  expect(await holdOf(verificationId)(db.sql)).toEqual([{ assignee_id: null, rest: null }]);
});

test("somebody else holds it: NF037 until the hold has run out", async ({ db }) => {
  const { verificationId, holder, other } = await arrange(db);
  await hold(db, verificationId, holder, "1 second");
  await expectDenied(db, "NF037", {
    as: migrator,
    does: calls(other, "kyc_require_holder", verificationId),
    keeps: holdOf(verificationId),
  });
  await hold(db, verificationId, holder, "0 seconds");
  await db.as(migrator, calls(other, "kyc_require_holder", verificationId));
});

test("without a person, a held case is somebody else's", async ({ db }) => {
  const { verificationId, holder } = await arrange(db);
  await hold(db, verificationId, holder, "1 minute");
  await expectDenied(db, "NF037", {
    as: migrator,
    does: (sql) => sql`select private.kyc_require_holder(${verificationId})`,
    keeps: holdOf(verificationId),
  });
});

test("the holder may go on, and work starts the hold anew", async ({ db }) => {
  const { verificationId, holder } = await arrange(db);
  await hold(db, verificationId, holder, "2 minutes");
  await db.as(migrator, calls(holder, "kyc_require_holder", verificationId));
  expect(await holdOf(verificationId)(db.sql)).toEqual([{ assignee_id: holder, rest: "00:30:00" }]);
});

test("work does not shorten a longer hold, nor revive one that has run out", async ({ db }) => {
  const { verificationId, holder } = await arrange(db);
  for (const lasts of ["08:00:00", "-00:01:00"]) {
    await hold(db, verificationId, holder, lasts);
    await db.as(migrator, calls(holder, "kyc_prolong_hold", verificationId));
    expect(await holdOf(verificationId)(db.sql)).toEqual([{ assignee_id: holder, rest: lasts }]);
  }
});

test("the length of a hold is a setting", async ({ db }) => {
  const { verificationId, holder } = await arrange(db);
  await db.sql`update private.settings set review_lease = '5 minutes'`;
  await hold(db, verificationId, holder, "1 minute");
  await db.as(migrator, calls(holder, "kyc_prolong_hold", verificationId));
  expect(await holdOf(verificationId)(db.sql)).toEqual([{ assignee_id: holder, rest: "00:05:00" }]);
});

test("ending a hold says whose it was; one that has run out was nobody's", async ({ db }) => {
  const { verificationId, holder, other } = await arrange(db);
  for (const [lasts, whose] of [
    ["1 minute", holder],
    ["-1 minute", null],
  ] as const) {
    await hold(db, verificationId, holder, lasts);
    expect(await db.as(migrator, calls(other, "kyc_end_hold", verificationId))).toBe(whose);
    expect(await holdOf(verificationId)(db.sql)).toEqual([{ assignee_id: null, rest: null }]);
  }
});

test("no API role may call them", async ({ db }) => {
  const { verificationId, holder } = await arrange(db);
  for (const name of ["kyc_require_holder", "kyc_prolong_hold", "kyc_end_hold"]) {
    await expectDenied(db, "42501", {
      as: user(holder),
      does: calls(holder, name, verificationId),
      keeps: holdOf(verificationId),
    });
  }
});
