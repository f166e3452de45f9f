import { expect } from "vitest";
import { runModel } from "../../scripts/bench/model/run-model.ts";
import { contractEnum } from "../helpers/contract-enum.ts";
import { test } from "../helpers/db.ts";

const SEQUENCES = 300;

test("300 random sequences of users, provider, staff, time and crashes go as the design says", async ({
  database,
}) => {
  const seed = Number(process.env.MODEL_SEED ?? Date.now() % 2 ** 31);
  console.log(`model: ${SEQUENCES} sequences, MODEL_SEED=${seed}`);
  const { steps, states } = await runModel(database.client, { sequences: SEQUENCES, seed });
  expect(steps).toBeGreaterThan(5 * SEQUENCES);
  // Sequences that never get anywhere would find nothing wrong.
  const statuses = new Set([...states].map((state) => state.split(" ")[0]));
  expect([...statuses].sort()).toEqual(expect.arrayContaining(contractEnum("KycStatus").sort()));
  expect([...states]).toEqual(expect.arrayContaining(["rejected 3", "approved 2", "submitted 3"]));
}, 120_000);
