import { only } from "../../_shared/db/only.ts";
import type { AdminWebhookEvent } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";

/** Another try for an event that was not applied. */
export const replayWebhookEvent: Operation<"admin.replayWebhookEvent", AdminDeps> = async ({
  tx,
  params: { event_id: eventId },
  afterCommit,
  deps: { wakeWorker },
}) => {
  const { body } = only(
    await tx<{ body: AdminWebhookEvent }[]>`
      select private.replay_webhook_event(${eventId}) as body
    `,
  );
  // What the event has led to may have to be told.
  afterCommit(wakeWorker);
  return { status: 200, body };
};
