import type { AdminWebhookEndpoint } from "../../../../supabase/functions/_shared/generated/contract.ts";
import { bodyOf } from "../../api/client.ts";
import { useAction } from "../../api/use-action.ts";
import { useApi } from "../../auth/auth-context.tsx";
import type { EndpointBody } from "./endpoint-form.tsx";

export const ENDPOINTS = ["webhook-endpoints"];
export const DELIVERIES = ["webhook-deliveries"];
const OVERLAP_MINUTES = 1440;

/** The list carries the version of each endpoint: no operation answers a single one. */
const ifMatch = ({ version }: AdminWebhookEndpoint) => ({ "If-Match": `"v${version}"` });

/** A new endpoint; the answer holds its secret, once. */
export function useCreateEndpoint(onMade: (secret: string | null) => void) {
  const api = useApi();
  return useAction({
    send: async ({ description, ...body }: EndpointBody, key) =>
      bodyOf(
        await api.POST("/admin/webhook-endpoints", {
          params: { header: { "Idempotency-Key": key } },
          body: { ...body, enabled: true, ...(description ? { description } : {}) },
        }),
      ),
    invalidates: [ENDPOINTS],
    onDone: ({ secret }) => onMade(secret),
  });
}

/** Changes of one endpoint. */
export function useEndpointActions(
  endpoint: AdminWebhookEndpoint,
  onSecret: (secret: string | null) => void,
  onSaved: () => void,
) {
  const api = useApi();
  const path = { endpoint_id: endpoint.endpoint_id };
  const update = useAction({
    send: (body: Partial<EndpointBody> & { enabled?: boolean }) =>
      api.PATCH("/admin/webhook-endpoints/{endpoint_id}", {
        params: { path, header: ifMatch(endpoint) },
        body,
      }),
    invalidates: [ENDPOINTS],
    onDone: onSaved,
  });
  const rotate = useAction({
    send: async (_: null, key) =>
      bodyOf(
        await api.POST("/admin/webhook-endpoints/{endpoint_id}/rotate-secret", {
          params: { path, header: { "Idempotency-Key": key } },
          body: { overlap_minutes: OVERLAP_MINUTES },
        }),
      ),
    invalidates: [ENDPOINTS],
    onDone: ({ secret }) => onSecret(secret),
  });
  const remove = useAction({
    send: (_: null) =>
      api.DELETE("/admin/webhook-endpoints/{endpoint_id}", {
        params: { path, header: ifMatch(endpoint) },
      }),
    invalidates: [ENDPOINTS, DELIVERIES],
  });
  const redeliver = useAction({
    send: (_: null, key) =>
      api.POST("/admin/webhook-deliveries/redeliver", {
        params: { header: { "Idempotency-Key": key } },
        body: { endpoint_id: endpoint.endpoint_id, status: ["failed"] },
      }),
    invalidates: [DELIVERIES],
  });
  return { update, rotate, remove, redeliver };
}
