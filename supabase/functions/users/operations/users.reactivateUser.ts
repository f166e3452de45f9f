import { followAccess } from "../../_shared/accounts/follow-access.ts";
import { only } from "../../_shared/db/only.ts";
import { type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import type { ChangedUser } from "../changed-user.ts";
import type { UsersDeps } from "../deps.ts";

/** Brings a deleted person back. */
export const reactivateUser: UnboundOperation<"users.reactivateUser", UsersDeps> = unbound(
  async ({ body: { user_id }, deps, once, transaction }) => {
    const { value, headers } = await once(async (tx) => {
      const { changed } = only(
        await tx<{ changed: ChangedUser }[]>`
          select private.nff_reactivate_user(${user_id}) as changed
        `,
      );
      return changed;
    });
    await followAccess(deps, transaction, user_id);
    return { status: 200, body: { status: "success", ...value }, headers };
  },
);
