import postgres from "postgres";
import { expect, vi } from "vitest";
import { test as base, Db, type Sql, user } from "../../helpers/db.ts";
import { createStaff } from "../../helpers/db-fixtures.ts";
import {
  createInReview,
  createPending,
  decideSql,
  everythingOf,
  voteSql,
} from "../../helpers/db-four-eyes.ts";

/** What happens on several connections at once has to be committed: this file's own database takes it. */
const test = base.extend<{ $file: { pool: postgres.Sql } }>({
  pool: [
    async ({ database }, use) => {
      const pool = postgres(database.url, { max: 20, onnotice: () => {} });
      await use(pool);
      await pool.end();
    },
    { scope: "file" },
  ],
});

/** Does something and commits it. */
async function arrange<T>(pool: postgres.Sql, work: (db: Db) => Promise<T>): Promise<T> {
  const outcome: { result?: { readonly value: T } } = {};
  await pool.begin(async (sql) => {
    outcome.result = { value: await work(new Db(sql)) };
  });
  if (outcome.result === undefined) throw new Error("Nothing was arranged.");
  return outcome.result.value;
}

/** What one of several calls at once came to: the result, or the SQLSTATE of its refusal. */
const attempt = (
  pool: postgres.Sql,
  id: string,
  call: (sql: Sql) => Promise<readonly { answer: { result: string } }[]>,
) =>
  arrange(pool, (db) => db.as(user(id), call)).then(
    ([row]) => row?.answer.result ?? "",
    (error: { code: string }) => error.code,
  );

const staff = (pool: postgres.Sql, times: number, role: string) =>
  arrange(pool, async (db) => {
    const ids: string[] = [];
    while (ids.length < times) ids.push(await createStaff(db, role));
    return ids;
  });

const stateOf = async (pool: postgres.Sql, verificationId: string) => {
  const [row] = await pool`
    select v.status, v.version,
      (select array_agg(vote order by vote) from private.kyc_reviews as r where r.verification_id = v.verification_id) as votes,
      (select array_agg(coalesce(outcome, 'open') order by approval_id) from private.kyc_approvals as a where a.verification_id = v.verification_id) as outcomes,
      (select count(*)::integer from private.audit_log where stream = 'kyc:' || v.verification_id
        and action in ('kyc.decision_confirmed', 'kyc.decision_declined')) as entries,
      (select count(*)::integer from private.audit_verify('kyc:' || v.verification_id)) as faults
    from public.kyc_verifications as v where v.verification_id = ${verificationId}`;
  return row;
};

test("[EYES-09] of many second votes at once, for and against, exactly one counts", async ({
  pool,
}) => {
  for (let round = 0; round < 5; round += 1) {
    const { verificationId, pending } = await arrange(pool, createPending);
    const voters = await staff(pool, 12, "approver");
    const results = await Promise.all(
      voters.map((id, index) =>
        attempt(
          pool,
          id,
          voteSql(verificationId, pending, {
            vote: index % 2 === 0 ? "confirm" : "decline",
            reason: "other",
          }),
        ),
      ),
    );
    expect(results.filter((result) => result === "NF038")).toHaveLength(11);
    const [winner] = results.filter((result) => result !== "NF038");
    expect(["applied", "declined"]).toContain(winner);
    expect(await stateOf(pool, verificationId)).toEqual({
      status: winner === "applied" ? "approved" : "in_review",
      version: winner === "applied" ? pending.version + 1 : pending.version,
      votes: winner === "applied" ? ["confirm", "propose"] : ["decline", "propose"],
      outcomes: [winner === "applied" ? "confirmed" : "declined"],
      entries: 1,
      faults: 0,
    });
  }
});

test("[EYES-09] of many decisions at once one waits, the others are told so", async ({ pool }) => {
  const { verificationId } = await arrange(pool, createInReview);
  const reviewers = await staff(pool, 12, "reviewer");
  const results = await Promise.all(
    reviewers.map((id) => attempt(pool, id, decideSql(verificationId))),
  );
  expect(results.filter((result) => result === "pending_second_approval")).toHaveLength(1);
  expect(results.filter((result) => result === "NF049")).toHaveLength(11);
  expect(await stateOf(pool, verificationId)).toMatchObject({ outcomes: ["open"] });
});

test("[EYES-09] a vote, a new decision of the first person and the end of their role at once: one order or another, never both", async ({
  pool,
}) => {
  for (let round = 0; round < 5; round += 1) {
    const { verificationId, first, second, pending } = await arrange(pool, createPending);
    const [vote, again] = await Promise.all([
      attempt(pool, second, voteSql(verificationId, pending)),
      attempt(pool, first, decideSql(verificationId, "reject")),
      pool`delete from private.user_roles where user_id = ${first}`,
    ]);
    const state = await stateOf(pool, verificationId);
    expect(state?.faults).toBe(0);
    if (vote === "applied") {
      expect(state).toMatchObject({ status: "approved", votes: ["confirm", "propose"] });
      expect(["NF010", "NF032", "pending_second_approval"]).toContain(again);
    } else {
      expect(vote).toBe("NF039");
      expect(state).toMatchObject({ status: "in_review", votes: null });
    }
  }
});

test("[EYES-16] of two administrators who confirm a role at once, one does", async ({ pool }) => {
  const [asking = "", ...confirming] = await staff(pool, 5, "admin");
  const [person = ""] = await staff(pool, 1, "support");
  const put = (id: string, approval: string | null) =>
    attempt(
      pool,
      id,
      (sql) => sql<{ answer: { result: string } }[]>`
        select private.put_user_roles(${person}, '["admin"]', ${approval}, null) as answer`,
    );
  expect(await put(asking, null)).toBe("pending_second_approval");
  const [request] = await pool<{ id: string }[]>`
    select approval_id as id from private.role_change_requests where user_id = ${person}`;
  const results = await Promise.all(confirming.map((id) => put(id, request?.id ?? "")));
  expect(results.sort()).toEqual(["NF039", "NF039", "NF039", "applied"]);
  const entries = await pool`
    select action from private.audit_log where stream = 'user:' || ${person}::text and action = 'user.roles_changed'`;
  expect(entries).toHaveLength(1);
});

test("[EYES-17] a connection that is killed in the middle of a vote leaves nothing of it", async ({
  pool,
  database,
}) => {
  const { verificationId, second, pending } = await arrange(pool, createPending);
  const everything = () =>
    arrange(pool, async (db) => [...(await everythingOf(verificationId)(db.sql))]);
  const before = await everything();
  // The vote gets as far as the audit, whose head somebody holds; then its connection dies.
  const holder = postgres(database.url, { max: 1, onnotice: () => {} });
  const voter = postgres(database.url, { max: 1, onnotice: () => {} });
  await holder.begin(async (held) => {
    await held`select from private.audit_heads where stream = 'kyc:' || ${verificationId}::text for update`;
    // One message for the whole transaction: the client has nothing more to send when the server is gone.
    const died = voter
      .unsafe(
        `begin;
        select set_config('role', 'authenticated', true),
          set_config('request.jwt.claims', '{"role": "authenticated", "sub": "${second}"}', true);
        select private.kyc_vote('${verificationId}', '${pending.approval_id}', '${pending.request_hash}', 'confirm', null, null);
        commit`,
      )
      .then(
        () => "applied",
        () => "died",
      );
    const waiting = () => pool<{ pid: number }[]>`
      select pid from pg_stat_activity where wait_event_type = 'Lock' and query like '%private.kyc_vote(%'`;
    const pid = await vi.waitFor(async () => {
      const [row] = await waiting();
      if (!row) throw new Error("It does not wait yet.");
      return row.pid;
    });
    await pool`select pg_terminate_backend(${pid})`;
    expect(await died).toBe("died");
  });
  await Promise.all([holder.end(), voter.end({ timeout: 1 })]);
  expect(await everything()).toEqual(before);
  expect(await attempt(pool, second, voteSql(verificationId, pending))).toBe("applied");
});
