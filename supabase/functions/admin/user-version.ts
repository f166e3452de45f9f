import { only } from "../_shared/db/only.ts";
import type { Transaction } from "../_shared/db/transaction.ts";
import { expectedVersion, type Precondition } from "../_shared/http/etag.ts";

/** The version of an account that a write may replace, `null` for any. */
export function expectedUserVersion(
  tx: Transaction,
  ifMatch: Precondition,
  userId: string,
): Promise<number | null> {
  return expectedVersion(ifMatch, async () => {
    const { version } = only(
      await tx<{ version: number }[]>`select private.user_version(${userId}) as version`,
    );
    return version;
  });
}
