import { followAccess } from "../../_shared/accounts/follow-access.ts";
import { only } from "../../_shared/db/only.ts";
import type { AdminUserActionResult } from "../../_shared/generated/contract.ts";
import { etag } from "../../_shared/http/etag.ts";
import { type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";
import { expectedUserVersion } from "../user-version.ts";

/** Ends a suspension; when this has answered, the person can sign in. */
export const reinstateUser: UnboundOperation<"admin.reinstateUser", AdminDeps> = unbound(
  async ({ params: { user_id: id }, body, ifMatch, deps, once, transaction }) => {
    const { value, headers } = await once(async (tx) => {
      const expected = await expectedUserVersion(tx, ifMatch, id);
      const { result } = only(
        await tx<{ result: AdminUserActionResult }[]>`
          select private.reinstate_user(${id}, ${body?.note ?? null}, ${expected}) as result
        `,
      );
      return result;
    });
    await followAccess(deps, transaction, id);
    return { status: 200, body: value, headers: { ...headers, etag: etag(value.version) } };
  },
);
