import { beforeAll, describe, expect, test } from "vitest";
import type { AdminStats } from "../../supabase/functions/_shared/generated/contract.ts";
import { call, expectProblem } from "../helpers/api.ts";
import {
  type Account,
  createAccount,
  createStaff,
  ownerConnection,
  secretKey,
  suspend,
} from "../helpers/api-accounts.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { newKey, verificationIn } from "../helpers/api-kyc.ts";

const owner = ownerConnection();
let approver: Account;
let reviewer: Account;

beforeAll(async () => {
  [approver, reviewer] = await Promise.all([
    createStaff(owner(), "approver"),
    createStaff(owner(), "reviewer"),
  ]);
});

/** The figures of now, once what has happened is summed up. */
async function stats(query = ""): Promise<AdminStats> {
  await owner()`select private.job_sum_figures(100)`;
  const { status, body } = await call("admin.getStats", { as: approver.credential, query });
  expect(status).toBe(200);
  return body;
}

const stepOf = ({ funnel }: AdminStats, wanted: string) =>
  funnel.find(({ step }) => step === wanted)?.count ?? Number.NaN;

describeCommonAnswers("admin.getStats", {
  caller: () => approver.credential,
  outsider: () => reviewer.credential,
  request: () => ({}),
});

describe("200", () => {
  test("a verification that is decided by staff is in every figure that it touches", async () => {
    const before = await stats();
    const person = await createAccount({ tag: "+kyc-review" });
    const { verification_id } = await verificationIn(person, "in_review");
    const decided = await call("admin.decideKyc", {
      as: reviewer.credential,
      params: { verification_id },
      headers: { ...newKey(), "if-match": "*" },
      body: { decision: "reject", reason_code: "document_damaged" },
    });
    expect(decided.status).toBe(200);
    const after = await stats();
    for (const step of ["started", "documents_uploaded", "submitted", "decided"]) {
      expect(stepOf(after, step), step).toBeGreaterThan(stepOf(before, step));
    }
    const mine = after.reviewers.find(({ reviewer_id }) => reviewer_id === reviewer.id);
    expect(mine).toMatchObject({ approved: 0, rejected: 1, second_votes: 0 });
    const staff = ({ decision_time }: AdminStats) =>
      decision_time.find(({ decided_by }) => decided_by === "staff")?.count ?? 0;
    expect(staff(after)).toBeGreaterThan(staff(before));
    expect(after.webhook_lag.events).toBeGreaterThan(before.webhook_lag.events);
    expect(after.providers).toContainEqual(expect.objectContaining({ provider: "mock" }));
    expect(after.reasons).toContainEqual(
      expect.objectContaining({ reason_code: "document_damaged" }),
    );
  });

  test("it is summed up by the worker, and says when", async () => {
    const [due] = await owner()`
      update private.schedules set next_run_at = now() where job = 'sum_figures' returning last_run_at`;
    await call("worker.run", { as: secretKey(), body: {} });
    expect(due).toBeDefined();
    const { generated_at } = await stats();
    expect(Date.parse(generated_at)).toBeLessThanOrEqual(Date.now() + 60_000);
  });

  test("the period is widened to whole days; another one has other figures", async () => {
    const past = await stats("?from=2020-03-02T13:00:00.000Z&to=2020-03-03T13:00:00.000Z");
    expect([past.from, past.to]).toEqual(["2020-03-02T00:00:00.000Z", "2020-03-04T00:00:00.000Z"]);
    expect(stepOf(past, "started")).toBe(0);
    expect(past.reviewers).toEqual([]);
  });

  test("it names no customer", async () => {
    const person = await createAccount();
    await verificationIn(person, "approved");
    expect(JSON.stringify(await stats())).not.toContain(person.id);
  });
});

describe("400", () => {
  test.each([
    ["?from=2026-03-03T00:00:00.000Z&to=2026-03-02T00:00:00.000Z", "query/from"],
    ["?from=2024-03-03T00:00:00.000Z&to=2026-03-02T00:00:00.000Z", "query/from"],
    ["?from=2999-01-01T00:00:00.000Z", "query/from"],
    ["?from=yesterday", "query/from"],
    ["?to=2026-02-30", "query/to"],
  ])("for %s", async (query, pointer) => {
    const request = { as: approver.credential, query };
    const { body } = await expectProblem("admin.getStats", 400, "validation_failed", request);
    expect(body.errors[0].pointer).toBe(pointer);
  });
});

test("401 for staff that was suspended, with a token that is still good", async () => {
  const former = await createStaff(owner(), "admin");
  await suspend(owner(), former);
  await expectProblem("admin.getStats", 401, "session_ended", { as: former.credential });
});
