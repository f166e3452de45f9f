import type { Operation } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";

/** Ends a machine key; the next request with it is refused. */
export const revokeApiKey: Operation<"admin.revokeApiKey", AdminDeps> = async ({
  tx,
  params: { key_id: id },
}) => {
  await tx`select private.revoke_machine_key(${id})`;
  return { status: 204, body: null };
};
