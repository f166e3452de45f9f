import postgres from "postgres";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Stack } from "../../../scripts/stack/create-stack.ts";
import { submit } from "../../helpers/api-kyc.ts";
import {
  advance,
  deliveries,
  records,
  requests,
  setOutage,
  setTimeScale,
} from "../engine/lib/mock.ts";
import { expectNothingLost } from "../engine/lib/nothing-lost.ts";
import { startOwnStack } from "../engine/lib/own-stack.ts";
import { type Applicant, drain, inTurns, newApplicant, shiftClock } from "../engine/lib/people.ts";
import { type Line, startProxy } from "./lib/proxy.ts";

let stack: Stack;
let sql: postgres.Sql;
/** In front of the webhook endpoint. */
let endpoint: Line;

const portOf = (url: string) => Number(new URL(url).port);

beforeAll(async () => {
  // Nothing passes through it before the stack is up and has said where it listens.
  endpoint = await startProxy(() => portOf(stack.apiUrl));
  stack = await startOwnStack({
    functionEnv: {
      KYC_WEBHOOK_URL: `http://127.0.0.1:${endpoint.port}/functions/v1/kyc-webhook/mock`,
    },
  });
  sql = postgres(stack.dbUrl, { max: 2, onnotice: () => {} });
});

afterAll(async () => {
  await sql?.end();
  await stack?.dispose();
  await endpoint?.close();
});

const people = (count: number, tag = "") =>
  inTurns(Array.from({ length: count }), () => newApplicant(tag));

const submitAll = (applicants: readonly Applicant[]) =>
  inTurns(applicants, ({ account, draft }) => submit(account, draft));

async function statesOf(applicants: readonly Applicant[]): Promise<string[]> {
  const ids = applicants.map(({ draft }) => draft.verification_id);
  const rows = await sql<{ state: string }[]>`
    select status || coalesce(' ' || cases.reason_code, '') as state
    from public.kyc_verifications as verification join private.kyc_cases as cases using (verification_id)
    where verification_id = any (${ids}) order by state`;
  return rows.map(({ state }) => state);
}

const all = (count: number, state: string) => Array.from({ length: count }, () => state);

/** Lets time pass with a provider that does not recover: retries come due and circuits close. */
async function pass(hours: number): Promise<void> {
  for (let quarter = 0; quarter < hours * 4; quarter += 1) {
    await shiftClock(sql, "15 minutes");
    await drain(sql);
  }
}

test("the provider is down for a day: what can wait is sent later, what can't goes to staff, once each", async () => {
  const [early, late] = [await people(3), await people(3)];
  await setOutage("503");
  await submitAll(early);
  await drain(sql);
  await pass(12);
  expect(await statesOf(early)).toEqual(all(3, "in_review provider_unavailable"));
  await submitAll(late);
  await pass(3);
  await setOutage("reset");
  await pass(1);
  expect(await statesOf(late)).toEqual(all(3, "submitted"));

  await setOutage(null);
  await pass(8);
  await vi.waitFor(async () => expect(await statesOf(late)).toEqual(all(3, "approved")));
  for (const { draft } of late) expect(await records(draft.verification_id, 1)).toHaveLength(1);
  for (const { draft } of early) expect(await records(draft.verification_id, 1)).toHaveLength(0);
  // The open circuit kept most tries from a provider that does not answer.
  const [tries] = await sql<{ most: number }[]>`
    select max(attempts)::integer as most from private.outbox where topic = 'provider.submit'`;
  expect(tries?.most).toBeLessThanOrEqual(9);
  await expectNothingLost(sql);
}, 90_000);

test("the webhook endpoint is down while verdicts arrive: the provider's retries bring them", async () => {
  const applicants = await people(4);
  await setTimeScale(1);
  endpoint.setDown(true);
  await submitAll(applicants);
  await drain(sql);
  await advance(60_000);
  expect(await statesOf(applicants)).toEqual(all(4, "processing"));
  endpoint.setDown(false);
  await advance(10 * 60_000);
  expect(await statesOf(applicants)).toEqual(all(4, "approved"));
  await expectNothingLost(sql);
});

test("it stays down: they are asked for, and what comes later is stale", async () => {
  const applicants = await people(4);
  endpoint.setDown(true);
  await submitAll(applicants);
  await drain(sql);
  await advance(60_000);
  expect(await statesOf(applicants)).toEqual(all(4, "processing"));
  await shiftClock(sql, "16 minutes");
  await drain(sql);
  expect(await statesOf(applicants)).toEqual(all(4, "approved"));
  const asked = await requests(applicants[0]?.draft.verification_id);
  expect(asked.map(({ method }) => method)).toEqual(["POST", "GET"]);

  endpoint.setDown(false);
  await advance(24 * 3_600_000);
  const late = await sql<{ result: string; count: number }[]>`
    select result, count(*)::integer as count from private.webhook_inbox
    where verification_id = any (${applicants.map(({ draft }) => draft.verification_id)})
      and event_id like 'evt%'
    group by result`;
  expect([...late]).toEqual([{ result: "stale", count: 8 }]);
  const [reference] = await records(applicants[0]?.draft.verification_id ?? "", 1);
  expect((await deliveries(reference?.id ?? "")).at(-1)?.status).toBe(200);
  expect(await statesOf(applicants)).toEqual(all(4, "approved"));
  await setTimeScale(0);
  await expectNothingLost(sql);
});
