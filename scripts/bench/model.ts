import postgres from "postgres";
import { startDatabaseOnly } from "../stack/database.ts";
import type { BenchContext } from "./context.ts";
import { runModel } from "./model/run-model.ts";
import type { Figure } from "./report.ts";

const SEQUENCES = 10_000;

/**
 * Ten thousand random sequences against the model; one that goes wrong ends the run. In a database of its
 * own: a worker that runs beside it would take the jobs away that a sequence waits for.
 */
export async function model({ log }: Pick<BenchContext, "log">): Promise<Figure[]> {
  const seed = Number(process.env.MODEL_SEED ?? Date.now() % 2 ** 31);
  log(`MODEL_SEED=${seed}`);
  const database = await startDatabaseOnly();
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  try {
    const startedAt = performance.now();
    const { steps } = await runModel(sql, { sequences: SEQUENCES, seed });
    const seconds = (performance.now() - startedAt) / 1_000;
    return [
      {
        name: "sequences as the model says",
        value: SEQUENCES,
        unit: "",
        goal: { atLeast: SEQUENCES },
      },
      { name: "steps", value: steps / seconds, unit: "steps/s" },
    ];
  } finally {
    await sql.end();
    await database.dispose();
  }
}
