import type { Operation } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";
import { expectedEndpointVersion } from "../webhook-endpoint-version.ts";

/** Ends a receiver of events; what waits for it is dropped. */
export const deleteWebhookEndpoint: Operation<"admin.deleteWebhookEndpoint", AdminDeps> = async ({
  tx,
  params: { endpoint_id: id },
  ifMatch,
}) => {
  const expected = await expectedEndpointVersion(tx, ifMatch, id);
  await tx`select private.delete_webhook_endpoint(${id}, ${expected})`;
  return { status: 204, body: null };
};
