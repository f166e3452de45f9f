import { validators } from "../_shared/generated/validators/admin.js";
import { createFunctionApp, type FunctionApp } from "../_shared/http/create-function-app.ts";
import { notImplemented } from "../_shared/http/not-implemented.ts";
import type { OperationTable } from "../_shared/http/operation.ts";
import type { AdminDeps } from "./deps.ts";
import { approveKyc } from "./operations/admin.approveKyc.ts";
import { revokeKyc } from "./operations/admin.revokeKyc.ts";
import { reopenKyc } from "./operations/admin.reopenKyc.ts";
import { createApiKey } from "./operations/admin.createApiKey.ts";
import { decideKyc } from "./operations/admin.decideKyc.ts";
import { decideScreeningHit } from "./operations/admin.decideScreeningHit.ts";
import { getKyc } from "./operations/admin.getKyc.ts";
import { getUser } from "./operations/admin.getUser.ts";
import { listApiKeys } from "./operations/admin.listApiKeys.ts";
import { listAudit } from "./operations/admin.listAudit.ts";
import { listErasureRequests } from "./operations/admin.listErasureRequests.ts";
import { listKyc } from "./operations/admin.listKyc.ts";
import { listLegalHolds } from "./operations/admin.listLegalHolds.ts";
import { listUsers } from "./operations/admin.listUsers.ts";
import { placeLegalHold } from "./operations/admin.placeLegalHold.ts";
import { putUserRoles } from "./operations/admin.putUserRoles.ts";
import { reinstateUser } from "./operations/admin.reinstateUser.ts";
import { releaseLegalHold } from "./operations/admin.releaseLegalHold.ts";
import { revokeApiKey } from "./operations/admin.revokeApiKey.ts";
import { rotateApiKey } from "./operations/admin.rotateApiKey.ts";
import { sendPasswordReset } from "./operations/admin.sendPasswordReset.ts";
import { signOutUser } from "./operations/admin.signOutUser.ts";
import { suspendUser } from "./operations/admin.suspendUser.ts";
import { verifyAudit } from "./operations/admin.verifyAudit.ts";

const operations = {
  "admin.listUsers": listUsers,
  "admin.getUser": getUser,
  "admin.suspendUser": suspendUser,
  "admin.reinstateUser": reinstateUser,
  "admin.putUserRoles": putUserRoles,
  "admin.sendPasswordReset": sendPasswordReset,
  "admin.signOutUser": signOutUser,
  "admin.listKyc": listKyc,
  "admin.claimNextKyc": notImplemented,
  "admin.bulkKyc": notImplemented,
  "admin.getKyc": getKyc,
  "admin.assignKyc": notImplemented,
  "admin.releaseKyc": notImplemented,
  "admin.addKycNote": notImplemented,
  "admin.decideKyc": decideKyc,
  "admin.approveKyc": approveKyc,
  "admin.requeueKyc": notImplemented,
  "admin.revokeKyc": revokeKyc,
  "admin.reopenKyc": reopenKyc,
  "admin.decideScreeningHit": decideScreeningHit,
  "admin.getDocumentUrl": notImplemented,
  "admin.listApiKeys": listApiKeys,
  "admin.createApiKey": createApiKey,
  "admin.rotateApiKey": rotateApiKey,
  "admin.revokeApiKey": revokeApiKey,
  "admin.listWebhookEndpoints": notImplemented,
  "admin.createWebhookEndpoint": notImplemented,
  "admin.updateWebhookEndpoint": notImplemented,
  "admin.deleteWebhookEndpoint": notImplemented,
  "admin.rotateWebhookSecret": notImplemented,
  "admin.listWebhookDeliveries": notImplemented,
  "admin.redeliverWebhook": notImplemented,
  "admin.listAudit": listAudit,
  "admin.verifyAudit": verifyAudit,
  "admin.listWebhookEvents": notImplemented,
  "admin.replayWebhookEvent": notImplemented,
  "admin.listOutbox": notImplemented,
  "admin.retryOutboxMessage": notImplemented,
  "admin.getStats": notImplemented,
  "admin.listErasureRequests": listErasureRequests,
  "admin.placeLegalHold": placeLegalHold,
  "admin.listLegalHolds": listLegalHolds,
  "admin.releaseLegalHold": releaseLegalHold,
  "admin.exportKycCsv": notImplemented,
} satisfies OperationTable<"admin", AdminDeps>;

/** The back office. */
export function createApp(deps: AdminDeps): FunctionApp {
  return createFunctionApp({ name: "admin", deps, operations, validators });
}
