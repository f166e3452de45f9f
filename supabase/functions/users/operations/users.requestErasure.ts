import { only } from "../../_shared/db/only.ts";
import type { ErasureRequest } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { UsersDeps } from "../deps.ts";

/**
 * Closes the account and erases what may go. Our tables are done when this commits; the messages to
 * Storage, the provider and Auth are written along with it and sent by the worker.
 */
export const requestErasure: Operation<"users.requestErasure", UsersDeps> = async ({
  tx,
  deps: { wakeWorker },
  afterCommit,
}) => {
  const { body } = only(
    await tx<{ body: ErasureRequest }[]>`select private.request_erasure() as body`,
  );
  afterCommit(wakeWorker);
  return { status: 202, body };
};
