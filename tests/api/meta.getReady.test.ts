import { describe, expect, test } from "vitest";
import { createApp } from "../../supabase/functions/meta/app.ts";
import type { MetaDeps } from "../../supabase/functions/meta/deps.ts";
import { call, expectProblem, type Target } from "../helpers/api.ts";
import { describeCommonAnswers } from "../helpers/api-common.ts";
import { asFunction, fakeDeps, transactionsWithoutDatabase } from "../helpers/api-in-process.ts";

describeCommonAnswers("meta.getReady", { request: () => ({}) });

/** The function inside of this process, with services that are as a test wants them. */
function meta(changes: Partial<MetaDeps>, circuits: { state: string }[] = []): Target {
  const transactionsFor: MetaDeps["transactionsFor"] = () => async (_, work) => {
    // The only statement of this operation reads the circuits.
    const tx: unknown = async () => circuits;
    return work(tx as Parameters<typeof work>[0]);
  };
  const works = async () => {};
  const app = createApp({
    ...fakeDeps({ transactionsFor }),
    checkAuth: works,
    checkStorage: works,
    ...changes,
  });
  return async (request) => app.fetch(asFunction(request));
}

const fails = async () => {
  throw new Error("connection to 10.0.0.7 refused");
};

describe("200", () => {
  test("ready, with how long each part took", async () => {
    const { status, body } = await call("meta.getReady");
    expect(status).toBe(200);
    const names = body.checks.map(({ name }: { name: string }) => name);
    expect(names).toEqual(["database", "auth", "storage", "kyc_provider"]);
  });

  test("degraded while a circuit is open: work goes on and waits", async () => {
    const { status, body } = await call("meta.getReady", {}, meta({}, [{ state: "open" }]));
    expect([status, body.status]).toEqual([200, "degraded"]);
    expect(body.checks.at(-1)).toMatchObject({ name: "kyc_provider", status: "degraded" });
  });
});

describe("503", () => {
  test("names what is down, and nothing else about it", async () => {
    const broken = meta({ checkAuth: fails, checkStorage: fails });
    const { body } = await expectProblem("meta.getReady", 503, "service_unavailable", {}, broken);
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      "checks/auth",
      "checks/storage",
    ]);
    expect(JSON.stringify(body)).not.toContain("10.0.0.7");
  });

  test("without a database", async () => {
    const broken = meta({ transactionsFor: await transactionsWithoutDatabase() });
    const { body } = await expectProblem("meta.getReady", 503, "service_unavailable", {}, broken);
    expect(body.errors).toEqual([expect.objectContaining({ pointer: "checks/database" })]);
  });
});
