import { validators } from "../_shared/generated/validators/kyc-webhook.js";
import { createFunctionApp, type FunctionApp } from "../_shared/http/create-function-app.ts";
import type { OperationTable } from "../_shared/http/operation.ts";
import type { KycWebhookDeps } from "./deps.ts";
import { receiveEvent } from "./operations/kycWebhook.receiveEvent.ts";

const operations = {
  "kycWebhook.receiveEvent": receiveEvent,
} satisfies OperationTable<"kycWebhook", KycWebhookDeps>;

/** Where the KYC provider reports. */
export function createApp(deps: KycWebhookDeps): FunctionApp {
  return createFunctionApp({ name: "kyc-webhook", deps, operations, validators });
}
