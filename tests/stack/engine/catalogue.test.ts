import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Stack } from "../../../scripts/stack/create-stack.ts";
import { addDocument, submit } from "../../helpers/api-kyc.ts";
import { advance, type Scenario, scenarios, setTimeScale } from "./lib/mock.ts";
import { expectNothingLost } from "./lib/nothing-lost.ts";
import { startOwnStack } from "./lib/own-stack.ts";
import {
  type Applicant,
  drain,
  inTurns,
  newApplicant,
  runWorker,
  shiftClock,
  tagOf,
} from "./lib/people.ts";

/** One row, and who plays it. */
type Run = Applicant & { readonly row: Scenario };

const MINUTE_MS = 60_000;
let stack: Stack;
let sql: postgres.Sql;
let runs: Run[];

/** The state of a run as the catalogue writes it. */
async function stateOf({ draft: { verification_id: id } }: Run) {
  const [state] = await sql`
    select verification.status, verification.attempt, cases.reason_code, cases.risk_level
    from public.kyc_verifications as verification
    join private.kyc_cases as cases using (verification_id)
    where verification.verification_id = ${id}`;
  return state;
}

const expectedOf = ({ row: { expected } }: Run) => ({
  status: expected.status,
  attempt: expected.attempt,
  reason_code: expected.reason_code,
  ...(expected.risk_level !== null && { risk_level: expected.risk_level }),
});

/** Lets both clocks run: the provider's events and repeated deliveries, our retries of the next minutes. */
async function play(): Promise<void> {
  await drain(sql);
  for (const _ of [1, 2, 3]) {
    await Promise.all([advance(MINUTE_MS), runWorker()]);
    await shiftClock(sql, "61 seconds");
    await drain(sql);
  }
  await advance(10 * MINUTE_MS);
  await drain(sql);
}

/** Hands in again what was sent back, where the row has another attempt. */
async function nextAttempt(attempt: number): Promise<void> {
  const again = runs.filter(({ row }) => row.needs_attempts >= attempt);
  await shiftClock(sql, "61 seconds");
  await inTurns(again, async ({ account, draft }) => {
    await addDocument(account, draft.verification_id);
    await submit(account, draft);
  });
  await play();
}

/** Drains while the provider leaves requests without an answer, which its own clock ends. */
async function drainTimeouts(): Promise<void> {
  let isDone = false;
  const draining = drain(sql).finally(() => {
    isDone = true;
  });
  await Promise.all([
    draining,
    vi.waitFor(
      async () => {
        await advance(MINUTE_MS);
        expect(isDone).toBe(true);
      },
      { timeout: 25_000, interval: 50 },
    ),
  ]);
}

beforeAll(async () => {
  // With the settings that `npm start` has, so that no row needs more than those.
  const example = new URL("../../../supabase/functions/.env.example", import.meta.url);
  const { KYC_MOCK_WEBHOOK_SECRETS = "" } = parseEnv(readFileSync(example, "utf8"));
  stack = await startOwnStack({ functionEnv: { KYC_MOCK_WEBHOOK_SECRETS } });
  sql = postgres(stack.dbUrl, { max: 4, onnotice: () => {} });
  await setTimeScale(1);
  const rows = await scenarios();
  runs = await inTurns(rows, async (row) => ({ row, ...(await newApplicant(tagOf(row.value))) }));
  await inTurns(runs, ({ account, draft }) => submit(account, draft));
  await drainTimeouts();
  await play();
  await nextAttempt(2);
  await nextAttempt(3);
  // What nobody was told of is asked for after a quarter of an hour.
  await shiftClock(sql, "16 minutes");
  await drainTimeouts();
  // Failed submissions are tried over eight hours, and after a day staff looks at what is left.
  for (const by of ["30 minutes", "70 minutes", "150 minutes", "5 hours", "5 hours", "12 hours"]) {
    await shiftClock(sql, by);
    await drainTimeouts();
    await shiftClock(sql, "61 seconds");
    await drainTimeouts();
  }
}, 170_000);

afterAll(async () => {
  await sql?.end();
  await stack?.dispose();
});

test("every row of the catalogue ends as the provider says it should", async () => {
  expect(runs.length).toBeGreaterThan(40);
  const wrong: unknown[] = [];
  for (const run of runs) {
    const [state, expected] = [await stateOf(run), expectedOf(run)];
    const isRight = Object.entries(expected).every(([name, value]) => state?.[name] === value);
    if (!isRight) wrong.push({ value: run.row.value, expected, state });
  }
  expect(wrong).toEqual([]);
});

test("nothing is stuck, lost, decided twice or sent twice", async () => {
  await expectNothingLost(sql);
});

describe("what the inbox made of it", () => {
  const resultsOf = async (value: string): Promise<string[]> => {
    const run = runs.find(({ row }) => row.value === value);
    const rows = await sql<{ entry: string }[]>`
      select result || ' ' || delivery_count || ' ' || mismatch_count as entry from private.webhook_inbox
      where verification_id = ${run?.draft.verification_id ?? null} and event_type like 'verification.%'
        and event_id like 'evt%'
      order by received_at, event_row_id`;
    return rows.map(({ entry }) => entry);
  };

  test.each([
    ["MOCK-APPROVE.DUP", ["applied 3 0", "applied 3 0"]],
    ["MOCK-APPROVE.OOO", ["applied 1 0", "stale 1 0"]],
    ["MOCK-APPROVE.TAMPER", ["applied 1 1", "applied 1 1"]],
    ["MOCK-APPROVE.NEWTYPE", ["applied 1 0", "applied 1 0"]],
    ["MOCK-APPROVE.NOSIG", []],
    ["MOCK-REJECT-THEN-APPROVE", ["applied 1 0", "applied 1 0", "conflict 1 0"]],
  ])("%s: %j", async (value, expected) => {
    expect(await resultsOf(value)).toEqual(expected);
  });

  test("of events that belong to nobody, the unknown type is ignored and the stranger given up", async () => {
    const rows = await sql`
      select result from private.webhook_inbox where verification_id is null order by result`;
    expect(rows.map(({ result }) => result)).toEqual(["dead", "ignored"]);
  });
});
