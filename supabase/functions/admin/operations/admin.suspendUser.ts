import { followAccess } from "../../_shared/accounts/follow-access.ts";
import { only } from "../../_shared/db/only.ts";
import type { AdminUserActionResult } from "../../_shared/generated/contract.ts";
import { etag } from "../../_shared/http/etag.ts";
import { type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import type { AdminDeps } from "../deps.ts";
import { expectedUserVersion } from "../user-version.ts";

/** Keeps somebody out: sessions end with the commit, then Auth is told to open no new ones. */
export const suspendUser: UnboundOperation<"admin.suspendUser", AdminDeps> = unbound(
  async ({
    params: { user_id: id },
    body: { reason_code, note = null },
    ifMatch,
    deps,
    once,
    transaction,
  }) => {
    const { value, headers } = await once(async (tx) => {
      const expected = await expectedUserVersion(tx, ifMatch, id);
      const { body } = only(
        await tx<{ body: AdminUserActionResult }[]>`
          select private.suspend_user(${id}, ${reason_code}, ${note}, ${expected}) as body
        `,
      );
      return body;
    });
    await followAccess(deps, transaction, id);
    return { status: 200, body: value, headers: { ...headers, etag: etag(value.version) } };
  },
);
