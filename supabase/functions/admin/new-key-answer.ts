import type { AdminApiKey, AdminApiKeySecret } from "../_shared/generated/contract.ts";
import type { OnceResult } from "../_shared/http/operation.ts";

type NewKeyAnswer = {
  readonly status: 201;
  readonly body: AdminApiKeySecret;
  readonly headers: Readonly<Record<string, string>>;
};

/**
 * The answer to whoever made a machine key. A repeated request gets the entry of the first key: the
 * key that this one would have made was never stored, and the first one cannot be shown again.
 */
export function newKeyAnswer(
  { value, headers }: OnceResult<AdminApiKey>,
  key: string,
): NewKeyAnswer {
  const isReplay = "idempotent-replayed" in headers;
  return {
    status: 201,
    body: { api_key: value, secret: isReplay ? null : key },
    headers: { ...headers, location: `/functions/v1/admin/api-keys/${value.key_id}` },
  };
}
