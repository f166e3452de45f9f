import { validators } from "../_shared/generated/validators/admin.js";
import { createFunctionApp, type FunctionApp } from "../_shared/http/create-function-app.ts";
import type { OperationTable } from "../_shared/http/operation.ts";
import type { AdminDeps } from "./deps.ts";
import { addKycNote } from "./operations/admin.addKycNote.ts";
import { approveKyc } from "./operations/admin.approveKyc.ts";
import { assignKyc } from "./operations/admin.assignKyc.ts";
import { bulkKyc } from "./operations/admin.bulkKyc.ts";
import { claimNextKyc } from "./operations/admin.claimNextKyc.ts";
import { createApiKey } from "./operations/admin.createApiKey.ts";
import { createWebhookEndpoint } from "./operations/admin.createWebhookEndpoint.ts";
import { decideKyc } from "./operations/admin.decideKyc.ts";
import { decideScreeningHit } from "./operations/admin.decideScreeningHit.ts";
import { deleteWebhookEndpoint } from "./operations/admin.deleteWebhookEndpoint.ts";
import { exportKycCsv } from "./operations/admin.exportKycCsv.ts";
import { getDocumentUrl } from "./operations/admin.getDocumentUrl.ts";
import { getKyc } from "./operations/admin.getKyc.ts";
import { getStats } from "./operations/admin.getStats.ts";
import { getUser } from "./operations/admin.getUser.ts";
import { listApiKeys } from "./operations/admin.listApiKeys.ts";
import { listAudit } from "./operations/admin.listAudit.ts";
import { listErasureRequests } from "./operations/admin.listErasureRequests.ts";
import { listKyc } from "./operations/admin.listKyc.ts";
import { listLegalHolds } from "./operations/admin.listLegalHolds.ts";
import { listOutbox } from "./operations/admin.listOutbox.ts";
import { listUsers } from "./operations/admin.listUsers.ts";
import { listWebhookDeliveries } from "./operations/admin.listWebhookDeliveries.ts";
import { listWebhookEndpoints } from "./operations/admin.listWebhookEndpoints.ts";
import { listWebhookEvents } from "./operations/admin.listWebhookEvents.ts";
import { placeLegalHold } from "./operations/admin.placeLegalHold.ts";
import { putUserRoles } from "./operations/admin.putUserRoles.ts";
import { redeliverWebhook } from "./operations/admin.redeliverWebhook.ts";
import { redeliverWebhooks } from "./operations/admin.redeliverWebhooks.ts";
import { reinstateUser } from "./operations/admin.reinstateUser.ts";
import { releaseKyc } from "./operations/admin.releaseKyc.ts";
import { releaseLegalHold } from "./operations/admin.releaseLegalHold.ts";
import { reopenKyc } from "./operations/admin.reopenKyc.ts";
import { replayWebhookEvent } from "./operations/admin.replayWebhookEvent.ts";
import { requeueKyc } from "./operations/admin.requeueKyc.ts";
import { retryOutboxMessage } from "./operations/admin.retryOutboxMessage.ts";
import { revokeApiKey } from "./operations/admin.revokeApiKey.ts";
import { revokeKyc } from "./operations/admin.revokeKyc.ts";
import { rotateApiKey } from "./operations/admin.rotateApiKey.ts";
import { rotateWebhookSecret } from "./operations/admin.rotateWebhookSecret.ts";
import { sendPasswordReset } from "./operations/admin.sendPasswordReset.ts";
import { signOutUser } from "./operations/admin.signOutUser.ts";
import { suspendUser } from "./operations/admin.suspendUser.ts";
import { updateWebhookEndpoint } from "./operations/admin.updateWebhookEndpoint.ts";
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
  "admin.claimNextKyc": claimNextKyc,
  "admin.bulkKyc": bulkKyc,
  "admin.getKyc": getKyc,
  "admin.assignKyc": assignKyc,
  "admin.releaseKyc": releaseKyc,
  "admin.addKycNote": addKycNote,
  "admin.decideKyc": decideKyc,
  "admin.approveKyc": approveKyc,
  "admin.requeueKyc": requeueKyc,
  "admin.revokeKyc": revokeKyc,
  "admin.reopenKyc": reopenKyc,
  "admin.decideScreeningHit": decideScreeningHit,
  "admin.getDocumentUrl": getDocumentUrl,
  "admin.listApiKeys": listApiKeys,
  "admin.createApiKey": createApiKey,
  "admin.rotateApiKey": rotateApiKey,
  "admin.revokeApiKey": revokeApiKey,
  "admin.listWebhookEndpoints": listWebhookEndpoints,
  "admin.createWebhookEndpoint": createWebhookEndpoint,
  "admin.updateWebhookEndpoint": updateWebhookEndpoint,
  "admin.deleteWebhookEndpoint": deleteWebhookEndpoint,
  "admin.rotateWebhookSecret": rotateWebhookSecret,
  "admin.listWebhookDeliveries": listWebhookDeliveries,
  "admin.redeliverWebhook": redeliverWebhook,
  "admin.redeliverWebhooks": redeliverWebhooks,
  "admin.listAudit": listAudit,
  "admin.verifyAudit": verifyAudit,
  "admin.listWebhookEvents": listWebhookEvents,
  "admin.replayWebhookEvent": replayWebhookEvent,
  "admin.listOutbox": listOutbox,
  "admin.retryOutboxMessage": retryOutboxMessage,
  "admin.getStats": getStats,
  "admin.listErasureRequests": listErasureRequests,
  "admin.placeLegalHold": placeLegalHold,
  "admin.listLegalHolds": listLegalHolds,
  "admin.releaseLegalHold": releaseLegalHold,
  "admin.exportKycCsv": exportKycCsv,
} satisfies OperationTable<"admin", AdminDeps>;

/** The back office. */
export function createApp(deps: AdminDeps): FunctionApp {
  return createFunctionApp({ name: "admin", deps, operations, validators });
}
