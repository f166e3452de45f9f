import { describe, expect } from "vitest";
import { agree } from "../../../scripts/bench/model/agree.ts";
import { type Db, expectDenied, migrator, service, test, user } from "../../helpers/db.ts";
import { createStaff, statusOf } from "../../helpers/db-fixtures.ts";
import {
  createDecided,
  createInReview,
  createPending,
  decide,
  everythingOf,
  overturn,
} from "../../helpers/db-four-eyes.ts";

describe("[EYES-12] SQL", () => {
  test("no role of the API writes or reads requests and votes", async ({ db }) => {
    const { verificationId, second } = await createPending(db);
    for (const as of [user(second), service]) {
      for (const statement of [
        "select * from private.kyc_approvals",
        "update private.kyc_approvals set outcome = 'confirmed'",
        "insert into private.kyc_approvals default values",
        "select * from private.kyc_reviews",
        "insert into private.kyc_reviews default values",
        "update private.settings set second_vote_ttl = '1 year'",
        "update private.kyc_transitions set four_eyes = 'never'",
        "update private.kyc_cases set risk_level = 'low'",
      ]) {
        await expectDenied(db, "42501", {
          as,
          does: (sql) => sql.unsafe(statement),
          keeps: everythingOf(verificationId),
        });
      }
    }
  });

  test("not even the owner makes a request that is confirmed already, or changes one", async ({
    db,
  }) => {
    const { verificationId, first, second } = await createPending(db);
    const keeps = everythingOf(verificationId);
    const confirmed = `outcome = 'confirmed', closed_at = now()`;
    for (const [code, statement] of [
      [
        "NF010",
        `insert into private.kyc_approvals (verification_id, action, from_status, to_status, reason_code, attempt,
        version, case_hash, requested_by, expires_at, outcome, voter_id, closed_at)
        select verification_id, action, from_status, to_status, reason_code, attempt, version, case_hash, requested_by,
          expires_at, 'confirmed', '${second}', now() from private.kyc_approvals`,
      ],
      ["NF010", `update private.kyc_approvals set to_status = 'rejected'`],
      ["NF010", `update private.kyc_approvals set requested_by = '${second}'`],
      ["NF010", `delete from private.kyc_approvals`],
      ["23514", `update private.kyc_approvals set ${confirmed}, voter_id = '${first}'`],
      ["23514", `update private.kyc_approvals set ${confirmed}`],
    ] as const) {
      await expectDenied(db, code, { as: migrator, does: (sql) => sql.unsafe(statement), keeps });
    }
  });

  test("the votes count for one move of one version in one transaction", async ({ db }) => {
    const { verificationId } = await createInReview(db);
    const [first, second] = await agree(db.sql, verificationId, "approved");
    const move = (to: string, one: string | null, two: string | null) => ({
      as: migrator,
      does: (sql: Db["sql"]) => sql`
        select private.kyc_transition(${verificationId}, ${to}::text::public.kyc_status, 'staff', ${one}, 'other', null,
          null, ${two})`,
      keeps: everythingOf(verificationId),
    });
    await expectDenied(db, "NF013", move("rejected", first, second));
    await expectDenied(db, "NF013", move("approved", second, first));
    await expectDenied(db, "NF013", move("approved", first, null));
    await db.as(service, (sql) => sql`select private.shift_clock('1 second')`);
    await expectDenied(db, "NF013", move("approved", first, second));
    expect(await statusOf(db, verificationId)).toBe("in_review");
  });

  test("there is no switch", async ({ db }) => {
    const switches = await db.sql`select column_name from information_schema.columns
      where table_schema = 'private' and table_name = 'settings' and column_name like '%four_eyes%'`;
    expect([...switches]).toEqual([]);
    const { verificationId } = await createDecided(db, "approved");
    const officer = await createStaff(db, "compliance_admin");
    expect((await overturn(db, officer, "kyc_revoke", verificationId)).result).toBe(
      "pending_second_approval",
    );
  });
});

test("[EYES-10] the lowest risk decides alone, every other way to the same move does not", async ({
  db,
}) => {
  const reviewer = await createStaff(db, "reviewer");
  for (const [level, result] of [
    ["low", "applied"],
    ["medium", "applied"],
    ["high", "pending_second_approval"],
    ["critical", "pending_second_approval"],
  ] as const) {
    for (const decision of ["approve", "reject"]) {
      const { verificationId } = await createInReview(db, level);
      expect((await decide(db, reviewer, verificationId, decision)).result).toBe(result);
    }
  }
  const { verificationId } = await createInReview(db);
  await db.sql`update private.kyc_cases set risk_level = null where verification_id = ${verificationId}`;
  expect((await decide(db, reviewer, verificationId)).result).toBe("pending_second_approval");
});
