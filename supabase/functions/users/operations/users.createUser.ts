import { only } from "../../_shared/db/only.ts";
import { type UnboundOperation, unbound } from "../../_shared/http/operation.ts";
import { carryOut } from "../account-change.ts";
import type { UsersDeps } from "../deps.ts";

/**
 * Creates a person and the account. What is to be created is written down first, under the id that
 * Auth is then asked for; the trigger on Auth's table makes profile and address in the transaction
 * that makes the account. The invitation follows by the worker.
 */
export const createUser: UnboundOperation<"users.createUser", UsersDeps> = unbound(
  async ({ body, principal, deps: { accounts, wakeWorker }, once, transaction }) => {
    const { value, headers } = await once(async (tx) =>
      only(
        await tx<{ user_id: string }[]>`
          select private.nff_create_user(${tx.json(body)}) ->> 'user_id' as user_id
        `,
      ),
    );
    const { user_id } = value;
    const version = await carryOut(
      { principal, transaction },
      {
        kind: "create",
        userId: user_id,
        email: body.email,
        input: body,
        expectedVersion: null,
        isReplay: "idempotent-replayed" in headers,
        askAuth: () => accounts.create(user_id, body.email),
      },
    );
    wakeWorker();
    return { status: 201, body: { status: "success", user_id, version }, headers };
  },
);
