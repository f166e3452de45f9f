import { validators } from "../_shared/generated/validators/kyc.js";
import { createFunctionApp, type FunctionApp } from "../_shared/http/create-function-app.ts";
import type { OperationTable } from "../_shared/http/operation.ts";
import type { KycDeps } from "./deps.ts";
import { addDocument } from "./operations/kyc.addDocument.ts";
import { cancelVerification } from "./operations/kyc.cancelVerification.ts";
import { completeDocument } from "./operations/kyc.completeDocument.ts";
import { createVerification } from "./operations/kyc.createVerification.ts";
import { deleteDocument } from "./operations/kyc.deleteDocument.ts";
import { getStateMachine } from "./operations/kyc.getStateMachine.ts";
import { getStatus } from "./operations/kyc.getStatus.ts";
import { getTimeline } from "./operations/kyc.getTimeline.ts";
import { getVerification } from "./operations/kyc.getVerification.ts";
import { listDocumentTypes } from "./operations/kyc.listDocumentTypes.ts";
import { listReasonCodes } from "./operations/kyc.listReasonCodes.ts";
import { listVerifications } from "./operations/kyc.listVerifications.ts";
import { submitVerification } from "./operations/kyc.submitVerification.ts";

const operations = {
  "kyc.getStatus": getStatus,
  "kyc.listVerifications": listVerifications,
  "kyc.createVerification": createVerification,
  "kyc.getVerification": getVerification,
  "kyc.getTimeline": getTimeline,
  "kyc.addDocument": addDocument,
  "kyc.completeDocument": completeDocument,
  "kyc.deleteDocument": deleteDocument,
  "kyc.submitVerification": submitVerification,
  "kyc.cancelVerification": cancelVerification,
  "kyc.getStateMachine": getStateMachine,
  "kyc.listReasonCodes": listReasonCodes,
  "kyc.listDocumentTypes": listDocumentTypes,
} satisfies OperationTable<"kyc", KycDeps>;

/** The verification of a person, as the person does it. */
export function createApp(deps: KycDeps): FunctionApp {
  return createFunctionApp({ name: "kyc", deps, operations, validators });
}
