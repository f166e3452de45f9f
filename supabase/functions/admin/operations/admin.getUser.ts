import { only } from "../../_shared/db/only.ts";
import type { AdminUser } from "../../_shared/generated/contract.ts";
import { etag } from "../../_shared/http/etag.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";

/** An account with all that belongs to it. The database writes down who read it. */
export const getUser: Operation<"admin.getUser", AdminDeps> = async ({
  tx,
  params: { user_id: id },
}) => {
  const { body } = only(await tx<{ body: AdminUser }[]>`select private.get_user(${id}) as body`);
  return { status: 200, body, headers: { etag: etag(body.user.version) } };
};
