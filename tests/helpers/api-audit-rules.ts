import type { Sql } from "postgres";
import type { OperationId } from "../../supabase/functions/_shared/generated/contract.ts";
import { operations } from "../../supabase/functions/_shared/generated/operations.ts";

/**
 * What an operation leaves in the audit, under the id of the request.
 * `each`: every success leaves an entry, because it changes something or shows a person to somebody else.
 * `change`: a success leaves an entry when it has changed something; asked for what is so already, it has not.
 * `none`: it changes nothing and shows nobody to anybody else.
 * `jobs`: what it does is the work of others, whose entries name them.
 */
type Rule = "each" | "change" | "none" | "jobs";

/** A line for every operation of the contract: a new one does not compile without. */
export const AUDIT_RULES: Readonly<Record<OperationId, Rule>> = {
  "users.createUser": "each",
  "users.getUser": "each",
  "users.listUsers": "each",
  "users.updateUser": "change",
  "users.softDeleteUser": "change",
  "users.permanentlyDeleteUser": "change",
  "users.reactivateUser": "change",
  "users.getMe": "none",
  "users.updateMe": "change",
  "users.putMyAddress": "change",
  "users.listConsents": "none",
  "users.recordConsent": "change",
  "users.createExport": "each",
  "users.getExport": "none",
  "users.downloadExport": "each",
  "users.requestErasure": "change",
  "users.listMyActivity": "none",
  "users.listMySessions": "none",
  "users.endMySession": "change",
  "users.listConsentDocuments": "none",
  "kyc.getStatus": "none",
  "kyc.listVerifications": "none",
  "kyc.createVerification": "each",
  "kyc.getVerification": "none",
  "kyc.getTimeline": "none",
  "kyc.addDocument": "each",
  "kyc.deleteDocument": "change",
  "kyc.completeDocument": "change",
  "kyc.submitVerification": "each",
  "kyc.cancelVerification": "change",
  "kyc.getStateMachine": "none",
  "kyc.listReasonCodes": "none",
  "kyc.listDocumentTypes": "none",
  "kycWebhook.receiveEvent": "change",
  "worker.run": "jobs",
  "meta.getHealth": "none",
  "meta.getReady": "none",
  "meta.getOpenapi": "none",
  "meta.getVersion": "none",
  "meta.getMetrics": "none",
  "admin.listUsers": "each",
  "admin.getUser": "each",
  "admin.suspendUser": "change",
  "admin.reinstateUser": "change",
  "admin.putUserRoles": "change",
  "admin.sendPasswordReset": "change",
  "admin.signOutUser": "change",
  "admin.listKyc": "none",
  "admin.claimNextKyc": "change",
  "admin.bulkKyc": "change",
  "admin.getKyc": "each",
  "admin.assignKyc": "change",
  "admin.releaseKyc": "change",
  "admin.addKycNote": "each",
  "admin.decideKyc": "each",
  "admin.approveKyc": "each",
  "admin.requeueKyc": "change",
  "admin.revokeKyc": "each",
  "admin.reopenKyc": "each",
  "admin.decideScreeningHit": "change",
  "admin.getDocumentUrl": "each",
  "admin.listApiKeys": "none",
  "admin.createApiKey": "each",
  "admin.rotateApiKey": "each",
  "admin.revokeApiKey": "change",
  "admin.listWebhookEndpoints": "none",
  "admin.createWebhookEndpoint": "each",
  "admin.updateWebhookEndpoint": "change",
  "admin.deleteWebhookEndpoint": "change",
  "admin.rotateWebhookSecret": "each",
  "admin.listWebhookDeliveries": "none",
  "admin.redeliverWebhooks": "change",
  "admin.redeliverWebhook": "change",
  "admin.listAudit": "none",
  "admin.verifyAudit": "none",
  "admin.listWebhookEvents": "none",
  "admin.replayWebhookEvent": "change",
  "admin.listOutbox": "none",
  "admin.retryOutboxMessage": "change",
  "admin.getStats": "none",
  "admin.listErasureRequests": "none",
  "admin.placeLegalHold": "each",
  "admin.listLegalHolds": "none",
  "admin.releaseLegalHold": "change",
  "admin.exportKycCsv": "each",
};

/** Refusals that are kept on purpose: a document that was looked at and refused, an event id with other bytes. */
const KEPT_REFUSALS: ReadonlySet<string> = new Set([
  "kyc.completeDocument 422",
  "kycWebhook.receiveEvent 409",
]);

/** An answer of the stack: to what, how, and whether it was stored from an earlier request. */
export type SeenAnswer = {
  readonly operation: string;
  readonly status: number;
  readonly requestId: string;
  readonly isReplay: boolean;
};

async function entriesByRequest(sql: Sql, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await sql<{ request_id: string }[]>`
    select distinct request_id from private.audit_log where request_id = any (${[...ids]})`;
  return new Set(rows.map(({ request_id }) => request_id));
}

/**
 * Where answers and audit do not fit: one sentence each. `isTested`: whether the tests of this operation
 * have run, and with them those that change something; others only call it on their way.
 */
export async function auditFaults(
  sql: Sql,
  answers: readonly SeenAnswer[],
  isTested: (operation: string) => boolean,
): Promise<string[]> {
  const logged = await entriesByRequest(
    sql,
    answers.map(({ requestId }) => requestId),
  );
  const faults = new Set<string>();
  for (const { id } of Object.values(operations)) {
    const rule = AUDIT_RULES[id];
    const own = answers.filter(({ operation }) => operation === id);
    const done = own.filter(({ status, isReplay }) => status < 300 && !isReplay);
    const withEntry = done.filter(({ requestId }) => logged.has(requestId));
    if (rule === "each" && withEntry.length < done.length) {
      faults.add(
        `${id}: ${done.length - withEntry.length} of ${done.length} successes left no entry.`,
      );
    }
    if (rule === "change" && isTested(id) && done.length > 0 && withEntry.length === 0) {
      faults.add(`${id}: none of ${done.length} successes left an entry.`);
    }
    if (rule === "none" && withEntry.length > 0) faults.add(`${id}: reading left an entry.`);
    for (const { status, requestId } of own) {
      // A 5xx says nothing: what was begun may have been finished.
      if (
        status >= 400 &&
        status < 500 &&
        logged.has(requestId) &&
        !KEPT_REFUSALS.has(`${id} ${status}`)
      ) {
        faults.add(`${id}: a refusal with ${status} left an entry.`);
      }
    }
  }
  return [...faults];
}
