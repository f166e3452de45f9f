import postgres from "postgres";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Stack } from "../../../scripts/stack/create-stack.ts";
import type { WorkerJobReport } from "../../../supabase/functions/_shared/generated/contract.ts";
import { addDocument, submit } from "../../helpers/api-kyc.ts";
import { expectNothingLost } from "./lib/nothing-lost.ts";
import { startOwnStack } from "./lib/own-stack.ts";
import { type Applicant, drain, newApplicant, runWorker, shiftClock } from "./lib/people.ts";

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

const stateOf = async ({ draft: { verification_id: id } }: Applicant) => {
  const [row] = await sql<{ state: string }[]>`
    select status || coalesce(' ' || cases.reason_code, '') as state
    from public.kyc_verifications as verification join private.kyc_cases as cases using (verification_id)
    where verification_id = ${id}`;
  return row?.state;
};

async function decided(tag: string, state: string): Promise<Applicant> {
  const applicant = await newApplicant(tag);
  await submit(applicant.account, applicant.draft);
  await vi.waitFor(async () => expect(await stateOf(applicant)).toBe(state), {
    timeout: 10_000,
    interval: 30,
  });
  return applicant;
}

/** What a run of the worker did for one job; null where the job was not due. */
async function affectedBy(job: string): Promise<number | null> {
  const { body } = await runWorker();
  const report = body.jobs.find((each: WorkerJobReport) => each.job === job);
  return report?.affected ?? null;
}

test("a draft is abandoned after a week; the next run finds nothing to do", async () => {
  const applicant = await newApplicant();
  await shiftClock(sql, "6 days 23 hours");
  await runWorker();
  expect(await stateOf(applicant)).toBe("draft");
  await shiftClock(sql, "61 minutes");
  expect(await affectedBy("abandon_inactive")).toBe(1);
  expect(await stateOf(applicant)).toBe("abandoned inactivity");
  await shiftClock(sql, "61 minutes");
  expect(await affectedBy("abandon_inactive")).toBe(0);
  expect(await affectedBy("abandon_inactive")).toBeNull();
});

test("a draft is reminded of after one day and after five, each time once", async () => {
  const { account, draft } = await newApplicant();
  const reminders = async () => {
    const [row] = await sql<{ rows: number; messages: number }[]>`
      select (select count(*)::integer from private.kyc_reminders where verification_id = ${draft.verification_id}) as rows,
        (select count(*)::integer from realtime.messages
          where topic = ${`user:${account.id}`} and event = 'kyc.reminder') as messages`;
    return row;
  };
  await shiftClock(sql, "25 hours");
  expect(await affectedBy("remind")).toBe(1);
  expect(await affectedBy("remind")).toBeNull();
  await shiftClock(sql, "16 minutes");
  expect(await affectedBy("remind")).toBe(0);
  expect(await reminders()).toEqual({ rows: 1, messages: 1 });
  await shiftClock(sql, "4 days");
  expect(await affectedBy("remind")).toBe(1);
  expect(await reminders()).toEqual({ rows: 2, messages: 2 });
});

test("a silent provider is asked after 15 minutes, and after a day staff looks", async () => {
  const applicant = await decided("+kyc-stuck", "processing");
  const questions = async () => {
    const [row] = await sql<{ count: number }[]>`
      select count(*)::integer as count from private.outbox
      where topic = 'provider.fetch' and subject_id = ${applicant.draft.verification_id}`;
    return row?.count;
  };
  expect(await questions()).toBe(0);
  await shiftClock(sql, "16 minutes");
  // The run that the submission woke may still be under way, so what counts is what was done by now.
  await drain(sql);
  expect(await questions()).toBe(1);
  expect(await stateOf(applicant)).toBe("processing");
  await shiftClock(sql, "1 day");
  await drain(sql);
  await vi.waitFor(async () => expect(await stateOf(applicant)).toBe("in_review provider_timeout"));
});

test("a request for new documents is abandoned after two weeks", async () => {
  const applicant = await decided("+kyc-retry", "resubmission_required image_unreadable");
  await shiftClock(sql, "13 days");
  await runWorker();
  expect(await stateOf(applicant)).toBe("resubmission_required image_unreadable");
  await shiftClock(sql, "25 hours");
  await runWorker();
  expect(await stateOf(applicant)).toBe("abandoned inactivity");
});

test("the third request for new documents is the end", async () => {
  const applicant = await decided("+kyc-retry", "resubmission_required image_unreadable");
  const { account, draft } = applicant;
  for (const state of [
    "resubmission_required image_unreadable",
    "rejected resubmission_limit_exceeded",
  ]) {
    await shiftClock(sql, "61 seconds");
    await addDocument(account, draft.verification_id);
    await submit(account, draft);
    await vi.waitFor(async () => expect(await stateOf(applicant)).toBe(state), { timeout: 10_000 });
  }
});

test("files go 90 days after the decision, bodies of events too, the approval after three years", async () => {
  const applicant = await decided("", "approved");
  const { account, draft } = applicant;
  const files = async () => {
    const { data } = await account.client.storage
      .from("kyc-documents")
      .list(`${account.id}/${draft.verification_id}`);
    return data?.length;
  };
  expect(await files()).toBe(1);
  await shiftClock(sql, "89 days");
  await drain(sql);
  expect(await files()).toBe(1);
  await shiftClock(sql, "25 hours");
  await drain(sql);
  await vi.waitFor(async () => expect(await files()).toBe(0), { timeout: 10_000 });
  const [kept] = await sql`
    select count(*)::integer as events, count(body)::integer as bodies, count(body_sha256)::integer as hashes
    from private.webhook_inbox where verification_id = ${draft.verification_id}`;
  expect(kept).toEqual({ events: 2, bodies: 0, hashes: 2 });

  await shiftClock(sql, "2 years 8 months");
  await runWorker();
  expect(await stateOf(applicant)).toBe("approved");
  await shiftClock(sql, "2 months");
  await runWorker();
  expect(await stateOf(applicant)).toBe("expired");
  await drain(sql);
  await expectNothingLost(sql);
});
