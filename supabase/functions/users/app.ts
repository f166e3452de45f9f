import { validators } from "../_shared/generated/validators/users.js";
import { createFunctionApp, type FunctionApp } from "../_shared/http/create-function-app.ts";
import { notImplemented } from "../_shared/http/not-implemented.ts";
import type { OperationTable } from "../_shared/http/operation.ts";
import type { UsersDeps } from "./deps.ts";
import { createUser } from "./operations/users.createUser.ts";
import { endMySession } from "./operations/users.endMySession.ts";
import { getMe } from "./operations/users.getMe.ts";
import { getUser } from "./operations/users.getUser.ts";
import { listConsents } from "./operations/users.listConsents.ts";
import { listMySessions } from "./operations/users.listMySessions.ts";
import { listUsers } from "./operations/users.listUsers.ts";
import { permanentlyDeleteUser } from "./operations/users.permanentlyDeleteUser.ts";
import { putMyAddress } from "./operations/users.putMyAddress.ts";
import { reactivateUser } from "./operations/users.reactivateUser.ts";
import { recordConsent } from "./operations/users.recordConsent.ts";
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
  "users.createExport": notImplemented,
  "users.getExport": notImplemented,
  "users.requestErasure": notImplemented,
  "users.listMyActivity": notImplemented,
  "users.listMySessions": listMySessions,
  "users.endMySession": endMySession,
} satisfies OperationTable<"users", UsersDeps>;

/** Users: the person's own profile, and the NFF Users API for administrators. */
export function createApp(deps: UsersDeps): FunctionApp {
  return createFunctionApp({ name: "users", deps, operations, validators });
}
