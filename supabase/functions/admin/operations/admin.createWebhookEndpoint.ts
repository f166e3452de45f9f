import { only } from "../../_shared/db/only.ts";
import type { AdminWebhookEndpoint } from "../../_shared/generated/contract.ts";
import { type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import { newWebhookSecret } from "../../_shared/webhooks/sign-message.ts";
import { checkWebhookUrl } from "../check-webhook-url.ts";
import type { AdminDeps } from "../deps.ts";
import { newSecretAnswer } from "../new-secret-answer.ts";

/** Sets up a receiver of events. Its URL is resolved before the transaction, which is then short. */
export const createWebhookEndpoint: UnboundOperation<"admin.createWebhookEndpoint", AdminDeps> =
  unbound(async ({ body, deps, once }) => {
    await checkWebhookUrl(body.url, deps.targetRules);
    const secret = newWebhookSecret();
    const created = await once(async (tx) => {
      const { entry } = only(
        await tx<{ entry: AdminWebhookEndpoint }[]>`
          select private.create_webhook_endpoint(${tx.json(body)}, ${secret}) as entry
        `,
      );
      return entry;
    });
    const { headers, ...answer } = newSecretAnswer(created, secret);
    const location = `/functions/v1/admin/webhook-endpoints/${created.value.endpoint_id}`;
    return { status: 201, ...answer, headers: { ...headers, location } };
  });
