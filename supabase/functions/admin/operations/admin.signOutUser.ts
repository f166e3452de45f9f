import { only } from "../../_shared/db/only.ts";
import type { AdminUserActionResult } from "../../_shared/generated/contract.ts";
import { etag } from "../../_shared/http/etag.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";

/** Ends all sessions of somebody, who may sign in again. */
export const signOutUser: Operation<"admin.signOutUser", AdminDeps> = async ({
  tx,
  params: { user_id: id },
}) => {
  const { body } = only(
    await tx<{ body: AdminUserActionResult }[]>`select private.sign_out_user(${id}) as body`,
  );
  return { status: 200, body, headers: { etag: etag(body.version) } };
};
