import { validators } from "../_shared/generated/validators/meta.js";
import { createFunctionApp, type FunctionApp } from "../_shared/http/create-function-app.ts";
import type { OperationTable } from "../_shared/http/operation.ts";
import type { MetaDeps } from "./deps.ts";
import { getHealth } from "./operations/meta.getHealth.ts";
import { getMetrics } from "./operations/meta.getMetrics.ts";
import { getOpenapi } from "./operations/meta.getOpenapi.ts";
import { getReady } from "./operations/meta.getReady.ts";
import { getVersion } from "./operations/meta.getVersion.ts";

const operations = {
  "meta.getHealth": getHealth,
  "meta.getReady": getReady,
  "meta.getOpenapi": getOpenapi,
  "meta.getVersion": getVersion,
  "meta.getMetrics": getMetrics,
} satisfies OperationTable<"meta", MetaDeps>;

/** What operators and client programs ask about the service itself. */
export function createApp(deps: MetaDeps): FunctionApp {
  return createFunctionApp({ name: "meta", deps, operations, validators });
}
