import { databaseCaller } from "../../_shared/auth/principal.ts";
import { only } from "../../_shared/db/only.ts";
import type { AdminWebhookEndpoint } from "../../_shared/generated/contract.ts";
import { etag } from "../../_shared/http/etag.ts";
import { type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import { checkWebhookUrl } from "../check-webhook-url.ts";
import type { AdminDeps } from "../deps.ts";
import { expectedEndpointVersion } from "../webhook-endpoint-version.ts";

/** Changes a receiver of events. A new URL is resolved before the transaction, which is then short. */
export const updateWebhookEndpoint: UnboundOperation<"admin.updateWebhookEndpoint", AdminDeps> =
  unbound(async ({ params: { endpoint_id: id }, body: patch, ifMatch, principal, ...context }) => {
    const { deps, transaction } = context;
    if (patch.url !== undefined) await checkWebhookUrl(patch.url, deps.targetRules);
    const { body } = await transaction(databaseCaller(principal), async (tx) => {
      const expected = await expectedEndpointVersion(tx, ifMatch, id);
      return only(
        await tx<{ body: AdminWebhookEndpoint }[]>`
          select private.update_webhook_endpoint(${id}, ${tx.json(patch)}, ${expected}) as body
        `,
      );
    });
    deps.wakeWorker();
    return { status: 200, body, headers: { etag: etag(body.version) } };
  });
