import { only } from "../../_shared/db/only.ts";
import type { NffUser } from "../../_shared/generated/contract.ts";
import type { Operation } from "../../_shared/http/operation.ts";
import type { UsersDeps } from "../deps.ts";

/** A person, deleted or not. */
export const getUser: Operation<"users.getUser", UsersDeps> = async ({ tx, body: { user_id } }) => {
  const { user } = only(
    await tx<{ user: NffUser }[]>`select private.nff_get_user(${user_id}) as user`,
  );
  return { status: 200, body: { status: "success", ...user } };
};
