import postgres from "postgres";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Stack } from "../../../scripts/stack/create-stack.ts";
import { call, urlOf } from "../../helpers/api.ts";
import { secretKey } from "../../helpers/api-accounts.ts";
import { newKey, submit } from "../../helpers/api-kyc.ts";
import { redeliver, requests } from "../engine/lib/mock.ts";
import { expectNothingLost } from "../engine/lib/nothing-lost.ts";
import { startOwnStack } from "../engine/lib/own-stack.ts";
import {
  type Applicant,
  drain,
  newApplicant,
  runWorker,
  shiftClock,
} from "../engine/lib/people.ts";
import { crash } from "./lib/processes.ts";
import { accepted, committed, type Line, startProxy } from "./lib/proxy.ts";

let stack: Stack;
let sql: postgres.Sql;
/** Between the functions and the database, and between the functions and the provider. */
let database: Line;
let provider: Line;

const portOf = (url: string) => Number(new URL(url).port);

beforeAll(async () => {
  // Nothing passes through them before the stack is up and has said where it listens.
  database = await startProxy(() => portOf(stack.dbUrl));
  provider = await startProxy(() => portOf(stack.mockKycUrl));
  stack = await startOwnStack({
    functionEnv: {
      DATABASE_URL: `postgresql://postgres:postgres@127.0.0.1:${database.port}/postgres`,
      KYC_MOCK_URL: `http://127.0.0.1:${provider.port}`,
    },
  });
  sql = postgres(stack.dbUrl, { max: 2, onnotice: () => {} });
});

afterAll(async () => {
  await sql?.end();
  await stack?.dispose();
  await Promise.all([database?.close(), provider?.close()]);
});

const statusOf = async ({ draft: { verification_id: id } }: Applicant) => {
  const [row] = await sql`
    select status, attempt from public.kyc_verifications where verification_id = ${id}`;
  return row;
};

const sent = async ({ draft }: Applicant) =>
  (await requests(draft.verification_id)).filter(({ method }) => method === "POST");

/** A submission that waits in the outbox, with a worker that has just started. */
async function waiting(tag = ""): Promise<Applicant> {
  const applicant = await newApplicant(tag);
  provider.setDown(true);
  await submit(applicant.account, applicant.draft);
  await vi.waitFor(async () => {
    const [row] = await sql`
      select attempts, lease_id from private.outbox where subject_id = ${applicant.draft.verification_id}`;
    expect(row).toEqual({ attempts: 1, lease_id: null });
  });
  provider.setDown(false);
  await crash(stack, "worker");
  await sql`
    update private.outbox set next_attempt_at = private.now(), attempts = 0, last_status_code = null
    where subject_id = ${applicant.draft.verification_id}`;
  await sql`delete from private.provider_circuits`;
  return applicant;
}

/** Starts a run of the worker that will not come to its end. */
function runInVain(): Promise<unknown> {
  return fetch(urlOf("worker.run"), { method: "POST", headers: secretKey() })
    .then((response) => response.text())
    .catch(() => null);
}

test("the function dies between commit and answer: the same request again gets the answer", async () => {
  const applicant = await newApplicant();
  const { account, draft } = applicant;
  const request = {
    as: account.credential,
    params: { verification_id: draft.verification_id },
    headers: newKey(),
  };
  // A new process has not prepared its statements yet, so the proxy sees their text.
  await crash(stack, "kyc");
  const held = database.holdAnswer(committed("kyc_submit"));
  const lost = fetch(urlOf("kyc.submitVerification", request), {
    method: "POST",
    headers: { ...request.as, ...request.headers },
  }).then(
    ({ status }) => status,
    () => null,
  );
  await held;
  expect(await statusOf(applicant)).toMatchObject({ status: "submitted", attempt: 1 });
  await crash(stack, "kyc");
  expect(await lost).not.toBe(200);

  const again = await call("kyc.submitVerification", request);
  expect([again.status, again.body.attempt]).toEqual([200, 1]);
  expect(again.headers.get("idempotent-replayed")).toBe("true");
  // Nobody woke the worker, so its own clock has to.
  await drain(sql);
  await vi.waitFor(async () => {
    expect(await statusOf(applicant)).toMatchObject({ status: "approved", attempt: 1 });
  });
  expect(await sent(applicant)).toHaveLength(1);
  await expectNothingLost(sql);
});

test("the worker dies after its claim: the lease ends and another sends it", async () => {
  const applicant = await waiting();
  const held = database.holdAnswer(committed("outbox_claim"));
  const lost = runInVain();
  await held;
  await crash(stack, "worker");
  await lost;
  await runWorker();
  expect(await sent(applicant)).toHaveLength(0);
  expect(await statusOf(applicant)).toMatchObject({ status: "submitted" });

  await shiftClock(sql, "61 seconds");
  await drain(sql);
  await vi.waitFor(async () => {
    expect(await statusOf(applicant)).toMatchObject({ status: "approved" });
  });
  expect(await sent(applicant)).toHaveLength(1);
  await expectNothingLost(sql);
}, 90_000);

test("the worker dies after it has sent: the provider is asked, and not told again", async () => {
  const applicant = await waiting("+kyc-review");
  const held = provider.holdAnswer(accepted);
  const lost = runInVain();
  await held;
  await crash(stack, "worker");
  await lost;
  await shiftClock(sql, "61 seconds");
  await drain(sql);
  expect(await statusOf(applicant)).toMatchObject({ status: "in_review" });
  expect(await sent(applicant)).toHaveLength(1);
  await expectNothingLost(sql);
});

test("the same without a verdict: it finds what it sent by asking", async () => {
  const applicant = await waiting("+kyc-lost");
  const held = provider.holdAnswer(accepted);
  const lost = runInVain();
  await held;
  await crash(stack, "worker");
  await lost;
  expect(await statusOf(applicant)).toMatchObject({ status: "submitted" });
  await shiftClock(sql, "61 seconds");
  await drain(sql);
  expect(await statusOf(applicant)).toMatchObject({ status: "processing" });
  expect(await sent(applicant)).toHaveLength(1);
  // No event came either: it is asked for after a quarter of an hour.
  await shiftClock(sql, "16 minutes");
  await drain(sql);
  expect(await statusOf(applicant)).toMatchObject({ status: "approved" });
  await expectNothingLost(sql);
});

test("the worker dies before it knows that its acknowledgement was committed: nothing is sent again", async () => {
  const applicant = await waiting();
  const held = database.holdAnswer(committed("kyc_provider_accepted"));
  const lost = runInVain();
  await held;
  await crash(stack, "worker");
  await lost;
  await shiftClock(sql, "61 seconds");
  await drain(sql);
  await vi.waitFor(async () => {
    expect(await statusOf(applicant)).toMatchObject({ status: "approved" });
  });
  expect(await sent(applicant)).toHaveLength(1);
  await expectNothingLost(sql);
});

test("the webhook dies between commit and answer: what is delivered again has no effect", async () => {
  const applicant = await newApplicant();
  const id = applicant.draft.verification_id;
  await crash(stack, "kyc-webhook");
  const held = database.holdAnswer(committed("kyc_ingest_event"));
  await submit(applicant.account, applicant.draft);
  await held;
  const events = () => sql<{ event_id: string; delivery_count: number }[]>`
    select event_id, delivery_count from private.webhook_inbox
    where verification_id = ${id} and event_id like 'evt%' order by sequence`;
  const [kept] = await events();
  expect(kept).toMatchObject({ delivery_count: 1 });
  await crash(stack, "kyc-webhook");

  await redeliver(kept?.event_id ?? "");
  const [again] = await events();
  expect(again?.event_id).toBe(kept?.event_id);
  expect(again?.delivery_count).toBeGreaterThan(1);
  // What the provider could not deliver meanwhile is asked for.
  await shiftClock(sql, "16 minutes");
  await drain(sql);
  await vi.waitFor(async () => {
    expect(await statusOf(applicant)).toMatchObject({ status: "approved", attempt: 1 });
  });
  expect(await sent(applicant)).toHaveLength(1);
  await expectNothingLost(sql);
}, 60_000);
