import { only } from "../../_shared/db/only.ts";
import type { AdminOutboxMessage } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";

/** Another series of tries for a message that was given up. */
export const retryOutboxMessage: Operation<"admin.retryOutboxMessage", AdminDeps> = async ({
  tx,
  params: { message_id: messageId },
  afterCommit,
  deps: { wakeWorker },
}) => {
  const { body } = only(
    await tx<{ body: AdminOutboxMessage }[]>`
      select private.retry_outbox_message(${messageId}) as body
    `,
  );
  afterCommit(wakeWorker);
  return { status: 202, body };
};
