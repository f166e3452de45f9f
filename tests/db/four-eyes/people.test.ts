import { describe, expect } from "vitest";
import { type Db, expectDenied, inSession, test, user } from "../../helpers/db.ts";
import { createStaff } from "../../helpers/db-fixtures.ts";
import {
  createInReview,
  createPending,
  decide,
  decideSql,
  everythingOf,
  outcomesOf,
  pendingOf,
  vote,
  voteSql,
} from "../../helpers/db-four-eyes.ts";
import { createSession } from "../../helpers/db-operators.ts";

const give = (db: Db, id: string, role: string) =>
  db.sql`insert into private.user_roles (user_id, role) values (${id}, ${role}::text::public.staff_role)
    on conflict do nothing`;

describe("[EYES-01] one person counts once", () => {
  test("in another session, and with every role there is", async ({ db }) => {
    const { verificationId, first, pending } = await createPending(db);
    for (const role of ["approver", "compliance_admin", "admin"]) await give(db, first, role);
    const [does, keeps] = [voteSql(verificationId, pending), everythingOf(verificationId)];
    await expectDenied(db, "NF013", { as: user(first), does, keeps });
    const session = await createSession(db, first);
    await expectDenied(db, "NF013", { as: inSession(first, session), does, keeps });
  });

  test("who asks twice has still asked for one thing, and the earlier request is gone", async ({
    db,
  }) => {
    const { verificationId, first, second, pending } = await createPending(db);
    const again = await decide(db, first, verificationId, "reject");
    expect(await outcomesOf(db, verificationId)).toEqual(["replaced", null]);
    const keeps = everythingOf(verificationId);
    await expectDenied(db, "NF039", {
      as: user(second),
      does: voteSql(verificationId, pending),
      keeps,
    });
    expect(await vote(db, second, verificationId, pendingOf(again))).toMatchObject({
      status: "rejected",
    });
  });

  test("nobody puts another request in the place of somebody else's, or votes by deciding", async ({
    db,
  }) => {
    const { verificationId, second } = await createPending(db);
    for (const decision of ["approve", "reject"]) {
      await expectDenied(db, "NF049", {
        as: user(second),
        does: decideSql(verificationId, decision),
        keeps: everythingOf(verificationId),
      });
    }
  });
});

describe("[EYES-02] two accounts of one person count once", () => {
  const named = (db: Db, id: string, first: string, last: string, born: string) =>
    db.sql`update public.profiles set first_name = ${first}, last_name = ${last}, date_of_birth = ${born} where user_id = ${id}`;

  test.for<[string, (db: Db, first: string, second: string) => Promise<unknown>]>([
    [
      "the same mailbox",
      (db, first, second) => db.sql`
        update auth.users set email = case id when ${first}::uuid then 'Mia.Berg@example.org' else 'mia.berg+2@Example.org' end
        where id in (${first}, ${second})`,
    ],
    [
      "the same name and birth date, written differently",
      async (db, first, second) => {
        await named(db, first, "Zoë", "Müller-Lüdenscheidt", "1980-05-06");
        await named(db, second, "ZOE", "Müller Lüdenscheidt", "1980-05-06");
      },
    ],
  ])("%s", async ([, arrange], { db }) => {
    const { verificationId, first, second, pending } = await createPending(db);
    await arrange(db, first, second);
    await expectDenied(db, "NF013", {
      as: user(second),
      does: voteSql(verificationId, pending),
      keeps: everythingOf(verificationId),
    });
  });

  test("who was once verified under the same name and birth date", async ({ db }) => {
    const { verificationId, second } = await createPending(db);
    const [other, twin] = [await createInReview(db), await createInReview(db)];
    for (const id of [other.userId, twin.userId]) await give(db, id, "compliance_admin");
    await db.sql`update public.profiles set first_name = null, last_name = null, date_of_birth = null
      where user_id in (${other.userId}, ${twin.userId})`;
    await db.sql`update private.risk_signals set person_key = 'elsewhere' where verification_id = ${verificationId}`;
    await vote(db, second, verificationId, await waiting(db, verificationId), {
      vote: "decline",
      reason: "other",
    });
    const asked = pendingOf(await decide(db, other.userId, verificationId));
    await expectDenied(db, "NF013", {
      as: user(twin.userId),
      does: voteSql(verificationId, asked),
      keeps: everythingOf(verificationId),
    });
  });

  test("colleagues who share a name only are two", async ({ db }) => {
    const { verificationId, first, second, pending } = await createPending(db);
    await named(db, first, "Kim", "Lee", "1980-05-06");
    await named(db, second, "Kim", "Lee", "1981-05-06");
    expect(await vote(db, second, verificationId, pending)).toMatchObject({ status: "approved" });
  });
});

async function waiting(db: Db, verificationId: string) {
  const [row] = await db.sql<{ pending: ReturnType<typeof pendingOf> }[]>`
    select private.kyc_pending_approval(v) as pending from public.kyc_verifications as v
    where verification_id = ${verificationId}`;
  if (!row?.pending) throw new Error("No request waits.");
  return row.pending;
}

describe("[EYES-03] nobody takes part in the decision about oneself", () => {
  test("neither asks nor votes, whatever the roles", async ({ db }) => {
    const { userId, verificationId, pending } = await createPending(db);
    await give(db, userId, "compliance_admin");
    const keeps = everythingOf(verificationId);
    await expectDenied(db, "NF010", {
      as: user(userId),
      does: voteSql(verificationId, pending),
      keeps,
    });
    await expectDenied(db, "NF010", { as: user(userId), does: decideSql(verificationId), keeps });
  });

  test("also not under another account", async ({ db }) => {
    const { verificationId, second, pending } = await createPending(db);
    await db.sql`update public.profiles set first_name = 'ANNA', last_name = 'Schmidt', date_of_birth = '1990-04-23'
      where user_id = ${second}`;
    await expectDenied(db, "NF010", {
      as: user(second),
      does: voteSql(verificationId, pending),
      keeps: everythingOf(verificationId),
    });
  });
});

describe("[EYES-06] what holds when the vote is cast counts, for both", () => {
  test.for<[string, (db: Db, id: string) => Promise<unknown>]>([
    ["lost the role", (db, id) => db.sql`delete from private.user_roles where user_id = ${id}`],
    [
      "is suspended",
      (db, id) => db.sql`update public.profiles set suspended_at = now() where user_id = ${id}`,
    ],
    [
      "is deleted",
      (db, id) => db.sql`update public.profiles set is_soft_deleted = true where user_id = ${id}`,
    ],
  ])("one who %s", async ([, change], { db }) => {
    const one = await createPending(db);
    await change(db, one.first);
    await expectDenied(db, "NF039", {
      as: user(one.second),
      does: voteSql(one.verificationId, one.pending),
      keeps: everythingOf(one.verificationId),
    });
    const two = await createPending(db);
    await change(db, two.second);
    await expectDenied(db, "NF010", {
      as: user(two.second),
      does: voteSql(two.verificationId, two.pending),
      keeps: everythingOf(two.verificationId),
    });
  });

  test("the request of somebody who may not ask any more does not stand in the way", async ({
    db,
  }) => {
    const { verificationId, first, second } = await createPending(db);
    await db.sql`delete from private.user_roles where user_id = ${first}`;
    expect(pendingOf(await decide(db, second, verificationId))).toMatchObject({
      requested_by: second,
    });
    expect(await outcomesOf(db, verificationId)).toEqual(["replaced", null]);
  });
});

test("[EYES-07] whoever holds the case between the votes: the first person stays the first", async ({
  db,
}) => {
  const { verificationId, first, second, pending } = await createPending(db);
  await give(db, first, "approver");
  const [held] =
    await db.sql`select assignee_id from private.kyc_cases where verification_id = ${verificationId}`;
  expect(held).toEqual({ assignee_id: null });
  for (const holder of [first, second, await createStaff(db, "reviewer")]) {
    await db.sql`update private.kyc_cases set assignee_id = ${holder}, lease_expires_at = private.now() + interval '1 hour'
      where verification_id = ${verificationId}`;
    await expectDenied(db, "NF013", {
      as: user(first),
      does: voteSql(verificationId, pending),
      keeps: everythingOf(verificationId),
    });
  }
  expect(await vote(db, second, verificationId, pending)).toMatchObject({ status: "approved" });
});

test("[EYES-08] a vote counts once, and never for another request", async ({ db }) => {
  const { verificationId, second, pending } = await createPending(db);
  const third = await createStaff(db, "approver");
  await vote(db, second, verificationId, pending, { vote: "decline", reason: "other" });
  for (const id of [second, third]) {
    await expectDenied(db, "NF038", {
      as: user(id),
      does: voteSql(verificationId, pending),
      keeps: everythingOf(verificationId),
    });
  }
});
