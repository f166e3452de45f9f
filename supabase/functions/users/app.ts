import { validators } from "../_shared/generated/validators/users.js";
import { createFunctionApp, type FunctionApp } from "../_shared/http/create-function-app.ts";
import { notImplemented } from "../_shared/http/not-implemented.ts";
import type { OperationTable } from "../_shared/http/operation.ts";
import type { UsersDeps } from "./deps.ts";
import { getMe } from "./operations/users.getMe.ts";
import { listConsents } from "./operations/users.listConsents.ts";
import { putMyAddress } from "./operations/users.putMyAddress.ts";
import { recordConsent } from "./operations/users.recordConsent.ts";
import { updateMe } from "./operations/users.updateMe.ts";

const operations = {
  "users.createUser": notImplemented,
  "users.getUser": notImplemented,
  "users.listUsers": notImplemented,
  "users.updateUser": notImplemented,
  "users.softDeleteUser": notImplemented,
  "users.permanentlyDeleteUser": notImplemented,
  "users.reactivateUser": notImplemented,
  "users.getMe": getMe,
  "users.updateMe": updateMe,
  "users.putMyAddress": putMyAddress,
  "users.listConsents": listConsents,
  "users.recordConsent": recordConsent,
  "users.createExport": notImplemented,
  "users.getExport": notImplemented,
  "users.requestErasure": notImplemented,
  "users.listMyActivity": notImplemented,
  "users.listMySessions": notImplemented,
  "users.endMySession": notImplemented,
} satisfies OperationTable<"users", UsersDeps>;

/** Users: the person's own profile, and the NFF Users API for administrators. */
export function createApp(deps: UsersDeps): FunctionApp {
  return createFunctionApp({ name: "users", deps, operations, validators });
}
