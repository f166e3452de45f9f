import type { Export } from "../_shared/generated/contract.ts";

/** An export as the database answers it: with the version that its `ETag` is made from. */
export type VersionedExport = Export & { version: number };

/** Where an export is read. */
export function pathOfExport(id: string): string {
  return `/functions/v1/users/me/exports/${id}`;
}
