import { only } from "../../_shared/db/only.ts";
import type { AdminPasswordReset } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";

/** Has an e-mail for a new password sent by Auth, which alone knows the link, by way of the worker. */
export const sendPasswordReset: Operation<"admin.sendPasswordReset", AdminDeps> = async ({
  tx,
  params: { user_id: id },
  deps: { wakeWorker },
  afterCommit,
}) => {
  const { body } = only(
    await tx<{ body: AdminPasswordReset }[]>`select private.request_password_reset(${id}) as body`,
  );
  afterCommit(wakeWorker);
  return { status: 202, body };
};
