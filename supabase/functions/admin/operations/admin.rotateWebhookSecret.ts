import { only } from "../../_shared/db/only.ts";
import type { AdminWebhookEndpoint } from "../../_shared/generated/contract.ts";
import { type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import { newWebhookSecret } from "../../_shared/webhooks/sign-message.ts";
import type { AdminDeps } from "../deps.ts";
import { newSecretAnswer } from "../new-secret-answer.ts";

const DEFAULT_OVERLAP_MINUTES = 1_440;

/** Gives an endpoint another secret; the one before goes on signing for a while. */
export const rotateWebhookSecret: UnboundOperation<"admin.rotateWebhookSecret", AdminDeps> =
  unbound(async ({ params: { endpoint_id: id }, body, once }) => {
    const secret = newWebhookSecret();
    const overlap = `${body?.overlap_minutes ?? DEFAULT_OVERLAP_MINUTES} minutes`;
    const rotated = await once(async (tx) => {
      const { entry } = only(
        await tx<{ entry: AdminWebhookEndpoint }[]>`
          select private.rotate_webhook_secret(${id}, ${overlap}::text::interval, ${secret}) as entry
        `,
      );
      return entry;
    });
    return { status: 200, ...newSecretAnswer(rotated, secret) };
  });
