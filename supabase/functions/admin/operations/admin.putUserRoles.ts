import { only } from "../../_shared/db/only.ts";
import type { AdminUserRolesResult } from "../../_shared/generated/contract.ts";
import { etag } from "../../_shared/http/etag.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";
import { expectedUserVersion } from "../user-version.ts";

/** Sets the staff roles of somebody else, or records that a second administrator has to. */
export const putUserRoles: Operation<"admin.putUserRoles", AdminDeps> = async ({
  tx,
  params: { user_id: id },
  body: { roles, approval_id = null },
  ifMatch,
}) => {
  const expected = await expectedUserVersion(tx, ifMatch, id);
  const { body } = only(
    await tx<{ body: AdminUserRolesResult }[]>`
      select private.put_user_roles(${id}, ${tx.json(roles)}, ${approval_id}, ${expected}) as body
    `,
  );
  const headers = { etag: etag(body.version) };
  if (body.result === "pending_second_approval") return { status: 202, body, headers };
  return { status: 200, body, headers };
};
