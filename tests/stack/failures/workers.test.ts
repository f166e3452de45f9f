import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createSubmissions, releaseSubmissions } from "../../../scripts/bench/submissions.ts";
import type { Stack } from "../../../scripts/stack/create-stack.ts";
import { checkoutRoot } from "../../../scripts/stack/paths.ts";
import { functionSecrets, loadProjectConfig } from "../../../scripts/stack/project-config.ts";
import { secretKey } from "../../helpers/api-accounts.ts";
import { functionEnv, type RunningFunction, startFunction } from "../../helpers/api-function.ts";
import { requests } from "../engine/lib/mock.ts";
import { expectNothingLost } from "../engine/lib/nothing-lost.ts";
import { startOwnStack } from "../engine/lib/own-stack.ts";
import { drain, shiftClock } from "../engine/lib/people.ts";
import { accepted, committed, type Line, startProxy } from "./lib/proxy.ts";

/** Enough that neither worker can take all of them at once. */
const MESSAGES = 80;

let stack: Stack;
let sql: postgres.Sql;
/** What stands between the worker that will be killed, the provider and the database. */
let provider: Line;
let database: Line;
let doomed: RunningFunction;
let survivor: RunningFunction;

const portOf = (url: string) => Number(new URL(url).port);

beforeAll(async () => {
  stack = await startOwnStack();
  sql = postgres(stack.dbUrl, { max: 2, onnotice: () => {} });
  provider = await startProxy(() => portOf(stack.mockKycUrl));
  database = await startProxy(() => portOf(stack.dbUrl));
});

afterAll(async () => {
  await sql?.end();
  await Promise.all([provider?.close(), database?.close()]);
  await stack?.dispose();
});

beforeEach(async () => {
  const root = checkoutRoot();
  const secrets = await functionSecrets(root, await loadProjectConfig(root));
  const common = { ...secrets, KYC_MOCK_URL: stack.mockKycUrl, DATABASE_POOL_MAX: "4" };
  const between = {
    KYC_MOCK_URL: `http://127.0.0.1:${provider.port}`,
    DATABASE_URL: stack.dbUrl.replace(/:\d+\//, `:${database.port}/`),
  };
  [doomed, survivor] = await Promise.all([
    startFunction("worker", functionEnv({ ...common, ...between })),
    startFunction("worker", functionEnv(common)),
  ]);
});

afterEach(async () => {
  await Promise.all([doomed?.stop(), survivor?.stop()]);
});

/** A run of one of the processes; null when it died over it. */
async function run({ url }: RunningFunction): Promise<{ outbox: { sent: number } } | null> {
  const init = { method: "POST", headers: secretKey() };
  const response = await fetch(`${url}/run`, init).catch(() => null);
  return response === null ? null : response.json().catch(() => null);
}

/** Everybody's submissions become due at once; nobody has been woken. */
async function queue(): Promise<void> {
  const context = { sql, log: () => {} };
  await createSubmissions(context, (MESSAGES * 3) / 4, "kyc-approve");
  await createSubmissions(context, MESSAGES / 4, "kyc-reject");
  expect(await releaseSubmissions(context)).toBe(MESSAGES);
}

const held = async () => {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::integer as count from private.outbox where status = 'pending' and lease_id is not null`;
  return row?.count ?? 0;
};

/** After a crash: what the dead worker held is done by the other one, and every submission once. */
async function expectTakenOver(before: ReadonlySet<string>): Promise<void> {
  await shiftClock(sql, "61 seconds");
  await run(survivor);
  await drain(sql);
  await vi.waitFor(
    async () => {
      const rows = await sql<{ id: string; status: string }[]>`
        select verification_id as id, status from public.kyc_verifications`;
      const states = rows.filter(({ id }) => !before.has(id)).map(({ status }) => status);
      expect(states.filter((status) => status === "approved")).toHaveLength((MESSAGES * 3) / 4);
      expect(states.filter((status) => status === "rejected")).toHaveLength(MESSAGES / 4);
    },
    { timeout: 15_000, interval: 50 },
  );
  const keys = new Map<string, Set<string | null>>();
  for (const { method, path, external_id, idempotency_key } of await requests()) {
    if (method !== "POST" || path !== "/v1/verifications") continue;
    if (external_id === null || before.has(external_id)) continue;
    keys.set(external_id, (keys.get(external_id) ?? new Set()).add(idempotency_key));
  }
  expect([...keys.values()].map(({ size }) => size)).toEqual(
    Array.from({ length: MESSAGES }, () => 1),
  );
  await expectNothingLost(sql);
}

const known = async () => {
  const rows = await sql<{ id: string }[]>`
    select verification_id as id from public.kyc_verifications`;
  return new Set(rows.map(({ id }) => id));
};

test.each([
  ["has sent and not yet heard of it", () => provider.holdAnswer(accepted)],
  ["has claimed and not yet sent", () => database.holdAnswer(committed("outbox_claim"))],
  [
    "has acknowledged and not yet heard of it",
    () => database.holdAnswer(committed("kyc_provider_accepted")),
  ],
])(
  "two worker processes drain at once, and one is killed when it %s",
  async (_, hold) => {
    const before = await known();
    await queue();
    const moment = hold();
    const lost = run(doomed);
    await moment;
    const surviving = run(survivor);
    const mine = await held();
    await doomed.stop();
    expect(await lost).toBeNull();
    expect((await surviving)?.outbox.sent).toBeGreaterThan(0);
    expect(mine).toBeGreaterThan(0);
    await expectTakenOver(before);
  },
  60_000,
);

test("two worker processes share what is due, and send each message once", async () => {
  const before = await known();
  await queue();
  const reports = await Promise.all([run(doomed), run(survivor)]);
  const sent = reports.reduce((sum, report) => sum + (report?.outbox.sent ?? 0), 0);
  expect(sent).toBe(MESSAGES);
  const posts = (await requests()).filter(
    ({ method, path, external_id }) =>
      method === "POST" && path === "/v1/verifications" && !before.has(external_id ?? ""),
  );
  expect(posts).toHaveLength(MESSAGES);
  await expectTakenOver(before);
}, 60_000);
