import { only } from "../../_shared/db/only.ts";
import type { AdminWebhookRedelivery } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";

/** Sends messages to an endpoint again, those that a filter names. */
export const redeliverWebhooks: Operation<"admin.redeliverWebhooks", AdminDeps> = async ({
  tx,
  body: filter,
  afterCommit,
  deps: { wakeWorker },
}) => {
  const { body } = only(
    await tx<{ body: AdminWebhookRedelivery }[]>`
      select private.redeliver_webhooks(${tx.json(filter)}) as body
    `,
  );
  afterCommit(wakeWorker);
  return { status: 202, body };
};
