import { validators } from "../_shared/generated/validators/users.js";
import { createFunctionApp, type FunctionApp } from "../_shared/http/create-function-app.ts";
import type { OperationTable } from "../_shared/http/operation.ts";
import type { UsersDeps } from "./deps.ts";
import { createExport } from "./operations/users.createExport.ts";
import { createUser } from "./operations/users.createUser.ts";
import { downloadExport } from "./operations/users.downloadExport.ts";
import { endMySession } from "./operations/users.endMySession.ts";
import { getExport } from "./operations/users.getExport.ts";
import { getMe } from "./operations/users.getMe.ts";
import { getUser } from "./operations/users.getUser.ts";
import { listConsentDocuments } from "./operations/users.listConsentDocuments.ts";
import { listConsents } from "./operations/users.listConsents.ts";
import { listMyActivity } from "./operations/users.listMyActivity.ts";
import { listMySessions } from "./operations/users.listMySessions.ts";
import { listUsers } from "./operations/users.listUsers.ts";
import { permanentlyDeleteUser } from "./operations/users.permanentlyDeleteUser.ts";
import { putMyAddress } from "./operations/users.putMyAddress.ts";
import { reactivateUser } from "./operations/users.reactivateUser.ts";
import { recordConsent } from "./operations/users.recordConsent.ts";
import { requestErasure } from "./operations/users.requestErasure.ts";
import { softDeleteUser } from "./operations/users.softDeleteUser.ts";
import { updateMe } from "./operations/users.updateMe.ts";
import { updateUser } from "./operations/users.updateUser.ts";

const operations = {
  "users.createUser": createUser,
  "users.getUser": getUser,
  "users.listUsers": listUsers,
  "users.updateUser": updateUser,
  "users.softDeleteUser": softDeleteUser,
  "users.permanentlyDeleteUser": permanentlyDeleteUser,
  "users.reactivateUser": reactivateUser,
  "users.getMe": getMe,
  "users.updateMe": updateMe,
  "users.putMyAddress": putMyAddress,
  "users.listConsents": listConsents,
  "users.recordConsent": recordConsent,
  "users.listConsentDocuments": listConsentDocuments,
  "users.createExport": createExport,
  "users.getExport": getExport,
  "users.downloadExport": downloadExport,
  "users.requestErasure": requestErasure,
  "users.listMyActivity": listMyActivity,
  "users.listMySessions": listMySessions,
  "users.endMySession": endMySession,
} satisfies OperationTable<"users", UsersDeps>;

/** Users: the person's own profile, and the NFF Users API for administrators. */
export function createApp(deps: UsersDeps): FunctionApp {
  return createFunctionApp({ name: "users", deps, operations, validators });
}
