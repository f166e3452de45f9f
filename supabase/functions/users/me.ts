import { only } from "../_shared/db/only.ts";
import type { Transaction } from "../_shared/db/transaction.ts";
import type { Me } from "../_shared/generated/contract.ts";

/** The answer about a person with the version that its `ETag` is made from. */
export type VersionedMe = Me & { version: number };

/** Reads the signed-in person. The version counts changes of the profile and of the address. */
export async function readMe(tx: Transaction): Promise<VersionedMe> {
  const { me } = only(await tx<{ me: VersionedMe }[]>`select private.get_me() as me`);
  return me;
}

/** Reads only what a precondition is compared with. */
export async function readMyVersion(tx: Transaction): Promise<number> {
  const { version } = await readMe(tx);
  return version;
}
