import { validators } from "../_shared/generated/validators/worker.js";
import { createFunctionApp, type FunctionApp } from "../_shared/http/create-function-app.ts";
import type { OperationTable } from "../_shared/http/operation.ts";
import type { WorkerDeps } from "./deps.ts";
import { run } from "./operations/worker.run.ts";

const operations = {
  "worker.run": run,
} satisfies OperationTable<"worker", WorkerDeps>;

/** What happens when nobody asks: sending, retrying, and what time does. */
export function createApp(deps: WorkerDeps): FunctionApp {
  return createFunctionApp({ name: "worker", deps, operations, validators });
}
