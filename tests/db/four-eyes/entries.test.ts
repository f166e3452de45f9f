import { describe, expect } from "vitest";
import { type Db, expectDenied, migrator, test, user } from "../../helpers/db.ts";
import { createStaff, statusOf } from "../../helpers/db-fixtures.ts";
import {
  createInReview,
  createPending,
  everythingOf,
  outcomesOf,
} from "../../helpers/db-four-eyes.ts";

interface Item {
  readonly result: string;
  readonly status: string;
  readonly sqlstate: string | null;
}

async function bulk(
  db: Db,
  staff: string,
  action: string,
  ids: readonly string[],
): Promise<Item[]> {
  const request = {
    action,
    reason_code: "other",
    items: ids.map((verification_id) => ({ verification_id, version: 5 })),
  };
  const [row] = await db.as(
    user(staff),
    (sql) => sql<{ answer: Item[] }[]>`
      select private.kyc_bulk(${sql.json(request)}) as answer`,
  );
  return row?.answer ?? [];
}

describe("[EYES-11] no other way of staff leads past two people", () => {
  test("many cases at once: each asks for its own second person", async ({ db }) => {
    const [high, low, waiting] = [
      await createInReview(db, "high"),
      await createInReview(db, "low"),
      await createPending(db),
    ];
    const officer = await createStaff(db, "compliance_admin");
    for (const action of ["reject", "request_resubmission"]) {
      const items = await bulk(db, officer, action, [high.verificationId, waiting.verificationId]);
      expect(items).toMatchObject([
        { result: "pending_second_approval", status: "in_review" },
        { status: "in_review", sqlstate: "NF049" },
      ]);
    }
    expect(await bulk(db, officer, "reject", [low.verificationId])).toMatchObject([
      { result: "applied", status: "rejected" },
    ]);
    expect(await statusOf(db, high.verificationId)).toBe("in_review");
    expect(await outcomesOf(db, waiting.verificationId)).toEqual([null]);
  });

  test("what a bulk action moves without a decision: no case that needs two people", async ({
    db,
  }) => {
    const { verificationId } = await createPending(db);
    const officer = await createStaff(db, "compliance_admin");
    const before = await everythingOf(verificationId)(db.sql);
    for (const action of ["pull", "cancel"]) {
      expect(await bulk(db, officer, action, [verificationId])).toMatchObject([
        { status: "in_review", sqlstate: "NF032" },
      ]);
    }
    expect([...(await everythingOf(verificationId)(db.sql))]).toEqual([...before]);
  });

  test("every function that moves a verification as staff goes through the same check", async ({
    db,
  }) => {
    const rows = await db.sql<{ name: string }[]>`
      select proname as name from pg_proc
      where pronamespace = 'private'::regnamespace and prosrc ~ 'private[.]kyc_transition[(][^;]*''staff''' order by 1`;
    expect(rows.map(({ name }) => name)).toEqual(["kyc_bulk_move", "kyc_carry_out", "kyc_requeue"]);
    const moves = await db.sql<{ from_status: string; to_status: string }[]>`
      select from_status, to_status from private.kyc_transitions where actor = 'staff' and four_eyes = 'never'
        and to_status in ('approved', 'revoked', 'rejected')`;
    expect([...moves]).toEqual([]);
    const { verificationId } = await createInReview(db);
    await expectDenied(db, "NF013", {
      as: migrator,
      does: (sql) =>
        sql`select private.kyc_transition(${verificationId}, 'approved', 'staff', 'x', 'other')`,
      keeps: everythingOf(verificationId),
    });
  });
});
