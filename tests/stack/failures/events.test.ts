import postgres from "postgres";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Stack } from "../../../scripts/stack/create-stack.ts";
import { addDocument, submit } from "../../helpers/api-kyc.ts";
import { deliveries, records, redeliver, requests } from "../engine/lib/mock.ts";
import { expectNothingLost } from "../engine/lib/nothing-lost.ts";
import { startOwnStack } from "../engine/lib/own-stack.ts";
import {
  type Applicant,
  drain,
  inTurns,
  newApplicant,
  runWorker,
  shiftClock,
} from "../engine/lib/people.ts";

let stack: Stack;
let sql: postgres.Sql;

beforeAll(async () => {
  stack = await startOwnStack();
  sql = postgres(stack.dbUrl, { max: 2, onnotice: () => {} });
});

afterAll(async () => {
  await sql?.end();
  await stack?.dispose();
});

async function expectStatus({ draft }: Applicant, status: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const [row] = await sql`
        select status from public.kyc_verifications where verification_id = ${draft.verification_id}`;
      expect(row).toEqual({ status });
    },
    { timeout: 10_000, interval: 30 },
  );
}

const inboxOf = async ({ draft }: Applicant) =>
  sql<{ event_type: string; result: string; delivery_count: number }[]>`
    select event_type, result, delivery_count from private.webhook_inbox
    where verification_id = ${draft.verification_id} order by received_at, event_row_id`;

test("[EVENT-02] 20 deliveries of one event at once: applied once, counted each time", async () => {
  const applicant = await newApplicant();
  await submit(applicant.account, applicant.draft);
  await expectStatus(applicant, "approved");
  const [record] = await records(applicant.draft.verification_id, 1);
  const sent = await deliveries(record?.id ?? "");
  const verdict = sent.find(({ type }) => type === "verification.approved");
  await Promise.all(Array.from({ length: 20 }, () => redeliver(verdict?.event_id ?? "")));
  const rows = await inboxOf(applicant);
  expect(rows.find(({ event_type }) => event_type === "verification.approved")).toMatchObject({
    result: "applied",
    delivery_count: 21,
  });
  await expectNothingLost(sql);
});

test("[EVENT-02] the first deliveries of one event come at once", async () => {
  const applicant = await newApplicant("+kyc-approve.dup=20");
  await submit(applicant.account, applicant.draft);
  await expectStatus(applicant, "approved");
  await vi.waitFor(async () => {
    const rows = await inboxOf(applicant);
    expect(rows.map(({ result, delivery_count }) => `${result} ${delivery_count}`)).toEqual([
      "applied 20",
      "applied 20",
    ]);
  });
  await expectNothingLost(sql);
});

test("the verdict comes before the answer to our own request", async () => {
  const applicants = await inTurns(Array.from({ length: 6 }), () => newApplicant("+kyc-early"));
  await inTurns(applicants, ({ account, draft }) => submit(account, draft));
  for (const applicant of applicants) await expectStatus(applicant, "approved");
  await drain(sql);
  await expectNothingLost(sql);
});

test("[EVENT-03] a verdict for an older attempt changes nothing", async () => {
  const applicant = await newApplicant("+kyc-retry-ok.oldattempt");
  const { account, draft } = applicant;
  await submit(account, draft);
  await expectStatus(applicant, "resubmission_required");
  await addDocument(account, draft.verification_id);
  await shiftClock(sql, "61 seconds");
  await submit(account, draft);
  await expectStatus(applicant, "approved");
  await drain(sql);
  const rows = await sql`
    select result, detail, attempt from private.webhook_inbox
    where verification_id = ${draft.verification_id} and result = 'stale'`;
  expect([...rows]).toEqual([{ result: "stale", detail: "attempt", attempt: 1 }]);
  await expectNothingLost(sql);
});

test("two workers, and more: every submission is sent once", async () => {
  const applicants = await inTurns(Array.from({ length: 12 }), () => newApplicant());
  await Promise.all([
    inTurns(applicants, ({ account, draft }) => submit(account, draft), 12),
    ...Array.from({ length: 8 }, async () => {
      for (let run = 0; run < 5; run += 1) await runWorker();
    }),
  ]);
  await drain(sql);
  for (const applicant of applicants) {
    await expectStatus(applicant, "approved");
    const posts = await requests(applicant.draft.verification_id);
    expect(posts.filter(({ method }) => method === "POST")).toHaveLength(1);
  }
  await expectNothingLost(sql);
});
