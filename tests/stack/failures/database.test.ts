import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startMockKyc } from "../../../mock-kyc/start.ts";
import type { Stack } from "../../../scripts/stack/create-stack.ts";
import { type Ports, resolvePorts } from "../../../scripts/stack/ports.ts";
import { call, urlOf } from "../../helpers/api.ts";
import { newKey } from "../../helpers/api-kyc.ts";
import { stackEnv } from "../../helpers/stack-env.ts";
import { requests } from "../engine/lib/mock.ts";
import { expectNothingLost } from "../engine/lib/nothing-lost.ts";
import { startOwnStack, WEBHOOK_SECRETS } from "../engine/lib/own-stack.ts";
import { type Applicant, drain, inTurns, newApplicant, shiftClock } from "../engine/lib/people.ts";

/** The provider lives on its own: what it knows must outlive our database. */
let mock: Awaited<ReturnType<typeof startMockKyc>>;
let dataDir: string;
let ports: Ports;
let stack: Stack;
const failures: string[] = [];

/** Starts the stack on the same folder and ports. */
async function start(): Promise<Stack> {
  const started = await startOwnStack({
    dataDir,
    ports,
    temporary: false,
    functionEnv: { KYC_MOCK_URL: mock.url, KYC_MOCK_WEBHOOK_SECRETS: WEBHOOK_SECRETS },
    onFailure: (error) => failures.push(error.message),
  });
  process.env.MOCK_KYC_URL = mock.url;
  return started;
}

beforeAll(async () => {
  ports = await resolvePorts("free");
  dataDir = await mkdtemp(join(tmpdir(), "nff-crash-"));
  mock = await startMockKyc({
    host: "127.0.0.1",
    port: 0,
    apiKey: "local-mock-kyc-api-key",
    adminKey: "local-mock-kyc-admin",
    webhookSecrets: WEBHOOK_SECRETS.split(","),
    callbackUrl: null,
    seed: "1",
    timeScale: 0.01,
  });
  stack = await start();
});

afterAll(async () => {
  await stack?.dispose();
  await mock?.close();
  await rm(dataDir, { recursive: true, force: true });
});

test("Postgres is killed in the middle of load: after a restart every submission is there once", async () => {
  const applicants = await inTurns(
    Array.from({ length: 16 }, (_, i) => i),
    (index) => newApplicant(index % 4 === 3 ? "+kyc-reject" : ""),
  );
  const keys = new Map(applicants.map((applicant) => [applicant, newKey()]));
  const requestOf = ({ account, draft }: Applicant) => ({
    as: account.credential,
    params: { verification_id: draft.verification_id },
  });
  const pid = stack.pids().postgres;
  if (pid === undefined) throw new Error("Postgres does not run.");

  // Everything at once; the server dies when the first answers are there, with the rest under way.
  let answered = 0;
  const statuses = await Promise.all(
    applicants.map(async (applicant) => {
      const request = requestOf(applicant);
      const headers = { ...request.as, ...keys.get(applicant) };
      const url = urlOf("kyc.submitVerification", request);
      const status = await fetch(url, { method: "POST", headers }).then(
        ({ status: code }) => code,
        () => null,
      );
      answered += 1;
      if (answered === 3) process.kill(pid, "SIGKILL");
      return status;
    }),
  );
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(3);
  await vi.waitFor(() => expect(failures).toHaveLength(1), { timeout: 20_000, interval: 50 });
  await stack.dispose();

  stack = await start();
  const sql = postgres(stackEnv().dbUrl, { max: 2, onnotice: () => {} });
  try {
    const done = await sql<{ id: string }[]>`
      select verification_id as id from public.kyc_verifications where status <> 'draft'`;
    const kept = new Set(done.map(({ id }) => id));
    for (const [index, { draft }] of applicants.entries()) {
      if (statuses[index] === 200) expect(kept).toContain(draft.verification_id);
    }
    // Whoever got no answer asks again, with the same key; it counts once, whether it had been taken or not.
    await inTurns(applicants, async (applicant) => {
      const headers = keys.get(applicant) ?? {};
      const again = await call("kyc.submitVerification", { ...requestOf(applicant), headers });
      expect([again.status, again.body.attempt]).toEqual([200, 1]);
      expect(again.headers.get("idempotent-replayed")).toBe(
        kept.has(applicant.draft.verification_id) ? "true" : null,
      );
    });
    for (const by of ["61 seconds", "61 seconds", "16 minutes", "5 minutes"]) {
      await shiftClock(sql, by);
      await drain(sql);
    }
    await vi.waitFor(
      async () => {
        await drain(sql);
        const rows = await sql<{ state: string }[]>`
          select status || ' ' || count(*) as state from public.kyc_verifications group by status order by 1`;
        expect(rows.map(({ state }) => state)).toEqual(["approved 12", "rejected 4"]);
      },
      { timeout: 15_000, interval: 100 },
    );
    for (const { draft } of applicants) {
      const asked = await requests(draft.verification_id);
      const posted = asked.filter(({ method }) => method === "POST");
      expect(new Set(posted.map(({ idempotency_key }) => idempotency_key)).size).toBe(1);
    }
    await expectNothingLost(sql);
  } finally {
    await sql.end();
  }
}, 120_000);
