import { only } from "../../_shared/db/only.ts";
import type { AdminWebhookDelivery } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";

/** Sends a message to its endpoint again. */
export const redeliverWebhook: Operation<"admin.redeliverWebhook", AdminDeps> = async ({
  tx,
  params: { delivery_id: id },
  afterCommit,
  deps: { wakeWorker },
}) => {
  const { body } = only(
    await tx<{ body: AdminWebhookDelivery }[]>`select private.redeliver_webhook(${id}) as body`,
  );
  afterCommit(wakeWorker);
  return { status: 202, body };
};
