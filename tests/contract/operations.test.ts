import { expect, test } from "vitest";
import { operations } from "../../supabase/functions/_shared/generated/operations.ts";
import { contract } from "./lib/bundle.ts";

// Written by hand, apart from the contract: an operation that goes away or changes its guards has to be
// taken out here as well. K: Idempotency-Key, E: If-Match.
const EXPECTED = `
POST /users/create staff_or_machine K
POST /users/get staff_or_machine
POST /users/list staff_or_machine
POST /users/update staff_or_machine K
POST /users/soft-delete staff_or_machine K
POST /users/permanently-delete staff_or_machine K
POST /users/reactivate staff_or_machine K
GET /users/me user
PATCH /users/me user E
PUT /users/me/address user E
GET /users/me/consents user
POST /users/me/consents user K
POST /users/me/exports user K
GET /users/me/exports/{export_id} user
GET /users/me/exports/{export_id}/archive user
POST /users/me/erasure-requests user K
GET /users/me/activity user
GET /users/me/sessions user
DELETE /users/me/sessions/{session_id} user
GET /users/consent-documents public
GET /kyc/status user
GET /kyc/verifications user
POST /kyc/verifications user K
GET /kyc/verifications/{verification_id} user
GET /kyc/verifications/{verification_id}/timeline user
POST /kyc/verifications/{verification_id}/documents user K
DELETE /kyc/verifications/{verification_id}/documents/{document_id} user
POST /kyc/verifications/{verification_id}/documents/{document_id}/complete user
POST /kyc/verifications/{verification_id}/submit user K
POST /kyc/verifications/{verification_id}/cancel user K
GET /kyc/state-machine public
GET /kyc/reason-codes public
GET /kyc/document-types public
POST /kyc-webhook/{provider} signature
POST /worker/run secret
GET /meta/health public
GET /meta/ready public
GET /meta/openapi.json public
GET /meta/version public
GET /meta/metrics secret
GET /admin/users staff
GET /admin/users/{user_id} staff
POST /admin/users/{user_id}/suspend staff K E
POST /admin/users/{user_id}/reinstate staff K E
PUT /admin/users/{user_id}/roles staff E
POST /admin/users/{user_id}/password-reset staff K
POST /admin/users/{user_id}/sign-out staff K
GET /admin/kyc staff
POST /admin/kyc/next staff
POST /admin/kyc/bulk staff K
GET /admin/kyc/{verification_id} staff
POST /admin/kyc/{verification_id}/assign staff
POST /admin/kyc/{verification_id}/release staff
POST /admin/kyc/{verification_id}/notes staff K
POST /admin/kyc/{verification_id}/decision staff K E
POST /admin/kyc/{verification_id}/approvals staff K
POST /admin/kyc/{verification_id}/requeue staff K
POST /admin/kyc/{verification_id}/revoke staff K E
POST /admin/kyc/{verification_id}/reopen staff K E
POST /admin/kyc/{verification_id}/screening-hits/{hit_id}/decision staff K
GET /admin/kyc/{verification_id}/documents/{document_id}/url staff
GET /admin/api-keys staff
POST /admin/api-keys staff K
POST /admin/api-keys/{key_id}/rotate staff K
DELETE /admin/api-keys/{key_id} staff
GET /admin/webhook-endpoints staff
POST /admin/webhook-endpoints staff K
PATCH /admin/webhook-endpoints/{endpoint_id} staff E
DELETE /admin/webhook-endpoints/{endpoint_id} staff E
POST /admin/webhook-endpoints/{endpoint_id}/rotate-secret staff K
GET /admin/webhook-deliveries staff
POST /admin/webhook-deliveries/{delivery_id}/redeliver staff K
POST /admin/webhook-deliveries/redeliver staff K
GET /admin/audit staff
GET /admin/audit/verify staff
GET /admin/webhook-events staff
POST /admin/webhook-events/{event_id}/replay staff K
GET /admin/outbox staff
POST /admin/outbox/{message_id}/retry staff K
GET /admin/stats staff
GET /admin/erasure-requests staff
POST /admin/users/{user_id}/legal-holds staff K
GET /admin/legal-holds staff
DELETE /admin/legal-holds/{hold_id} staff
GET /admin/exports/kyc.csv staff
`;

test("the contract has every operation, with its method, path, caller and guards", () => {
  const found = contract.operations.map(({ id, method, path }) => {
    const entry = Object.values(operations).find((operation) => operation.id === id);
    const guards = [entry?.idempotencyKey === "required" ? " K" : "", entry?.ifMatch ? " E" : ""];
    return `${method} ${path} ${entry?.auth}${guards.join("")}`;
  });
  expect(found.sort()).toEqual(EXPECTED.trim().split("\n").sort());
});

test("every operation that staff may call names the roles", () => {
  for (const { id, auth, roles } of Object.values(operations)) {
    expect(roles.length > 0, id).toBe(auth === "staff" || auth === "staff_or_machine");
  }
});

test("machine keys reach the NFF operations only, each by one scope", () => {
  const open = Object.values(operations).filter(({ auth }) => auth === "staff_or_machine");
  expect(open.map(({ id }) => id).sort()).toEqual([
    "users.createUser",
    "users.getUser",
    "users.listUsers",
    "users.permanentlyDeleteUser",
    "users.reactivateUser",
    "users.softDeleteUser",
    "users.updateUser",
  ]);
  for (const { id, scopes } of open) {
    const reads = id === "users.getUser" || id === "users.listUsers";
    expect(scopes, id).toEqual([reads ? "users:read" : "users:write"]);
  }
});

test("what is public stays public, and nothing else becomes it", () => {
  const open = Object.values(operations).filter(({ auth }) => auth === "public");
  expect(open.map(({ id }) => id).sort()).toEqual([
    "kyc.getStateMachine",
    "kyc.listDocumentTypes",
    "kyc.listReasonCodes",
    "meta.getHealth",
    "meta.getOpenapi",
    "meta.getReady",
    "meta.getVersion",
    "users.listConsentDocuments",
  ]);
});
