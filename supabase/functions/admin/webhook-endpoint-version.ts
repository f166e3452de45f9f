import type { Transaction } from "../_shared/db/transaction.ts";
import { expectedVersion, type Precondition } from "../_shared/http/etag.ts";

/**
 * The version of an endpoint that a write may replace, `null` for any. Only a list of several tags
 * needs to know the present one, and then whoever may not write learns nothing by it: the write
 * that follows is refused.
 */
export function expectedEndpointVersion(
  tx: Transaction,
  precondition: Precondition,
  id: string,
): Promise<number | null> {
  return expectedVersion(precondition, async () => {
    const [row] = await tx<{ version: number }[]>`
      select private.webhook_endpoint_version(${id}) as version
    `;
    return row?.version ?? 0;
  });
}
