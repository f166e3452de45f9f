import type {
  AdminWebhookEndpoint,
  AdminWebhookEndpointSecret,
} from "../_shared/generated/contract.ts";
import { etag } from "../_shared/http/etag.ts";
import type { OnceResult } from "../_shared/http/operation.ts";

type NewSecretAnswer = {
  readonly body: AdminWebhookEndpointSecret;
  readonly headers: Readonly<Record<string, string>>;
};

/**
 * The answer to whoever made a signing secret. A repeated request gets the endpoint of the first
 * one: the secret that this one would have made was never stored, and the first is not shown again.
 */
export function newSecretAnswer(
  { value, headers }: OnceResult<AdminWebhookEndpoint>,
  secret: string,
): NewSecretAnswer {
  const isReplay = "idempotent-replayed" in headers;
  return {
    body: { endpoint: value, secret: isReplay ? null : secret },
    headers: { ...headers, etag: etag(value.version) },
  };
}
