import { only } from "../../_shared/db/only.ts";
import { type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import { carryOut } from "../account-change.ts";
import type { UsersDeps } from "../deps.ts";

type Begun =
  | { readonly outcome: "applied"; readonly version: number }
  | { readonly outcome: "pending"; readonly version: null };

/**
 * Changes a person. Without a new e-mail address that is one transaction; with one, Auth changes the
 * address and the trigger on its table the rest, as one.
 */
export const updateUser: UnboundOperation<"users.updateUser", UsersDeps> = unbound(
  async ({ body, principal, deps: { accounts }, once, transaction }) => {
    const { user_id, version: expectedVersion, ...input } = body;
    const { value: begun, headers } = await once(async (tx) => {
      const { state } = only(
        await tx<{ state: Begun }[]>`
          select private.nff_update_user(${user_id}, ${expectedVersion}, ${tx.json(input)}) as state
        `,
      );
      return state;
    });
    const email = input.email ?? "";
    const version =
      begun.outcome === "applied"
        ? begun.version
        : await carryOut(
            { principal, transaction },
            {
              kind: "update",
              userId: user_id,
              email,
              input,
              expectedVersion,
              isReplay: "idempotent-replayed" in headers,
              askAuth: () => accounts.changeEmail(user_id, email),
            },
          );
    return { status: 200, body: { status: "success", user_id, version }, headers };
  },
);
