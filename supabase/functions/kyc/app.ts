import { validators } from "../_shared/generated/validators/kyc.js";
import { createFunctionApp, type FunctionApp } from "../_shared/http/create-function-app.ts";
import { notImplemented } from "../_shared/http/not-implemented.ts";
import type { OperationTable } from "../_shared/http/operation.ts";
import type { KycDeps } from "./deps.ts";
import { addDocument } from "./operations/kyc.addDocument.ts";
import { completeDocument } from "./operations/kyc.completeDocument.ts";
import { createVerification } from "./operations/kyc.createVerification.ts";
import { getStateMachine } from "./operations/kyc.getStateMachine.ts";
import { getStatus } from "./operations/kyc.getStatus.ts";
import { getTimeline } from "./operations/kyc.getTimeline.ts";
import { getVerification } from "./operations/kyc.getVerification.ts";
import { listDocumentTypes } from "./operations/kyc.listDocumentTypes.ts";
import { listReasonCodes } from "./operations/kyc.listReasonCodes.ts";
import { submitVerification } from "./operations/kyc.submitVerification.ts";

const operations = {
  "kyc.getStatus": getStatus,
  "kyc.listVerifications": notImplemented,
  "kyc.createVerification": createVerification,
  "kyc.getVerification": getVerification,
  "kyc.getTimeline": getTimeline,
  "kyc.addDocument": addDocument,
  "kyc.completeDocument": completeDocument,
  "kyc.deleteDocument": notImplemented,
  "kyc.submitVerification": submitVerification,
  "kyc.cancelVerification": notImplemented,
  "kyc.getStateMachine": getStateMachine,
  "kyc.listReasonCodes": listReasonCodes,
  "kyc.listDocumentTypes": listDocumentTypes,
} satisfies OperationTable<"kyc", KycDeps>;

/** The verification of a person, as the person does it. */
export function createApp(deps: KycDeps): FunctionApp {
  return createFunctionApp({ name: "kyc", deps, operations, validators });
}
